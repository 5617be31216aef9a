this is never run
