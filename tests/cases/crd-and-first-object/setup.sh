: nothing is installed
