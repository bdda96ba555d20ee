"""What a person sees on the screen or the serial line of the box itself: the menu, enrolment."""
