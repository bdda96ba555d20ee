# On a screen or a serial line of the box itself an admin gets the menu; logging out of it ends the session.
case "$(tty)" in
/dev/tty[0-9]* | /dev/ttyS* | /dev/ttyAMA* | /dev/ttyUSB* | /dev/hvc*) exec /usr/bin/patronus-console ;;
esac
