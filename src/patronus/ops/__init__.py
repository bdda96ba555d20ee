"""What a person or a program can do. Front ends import this and `values`, nothing else of Patronus."""
