"""The command line of the program; it imports the window only in the commands that open one."""
