import Glibc

// A reader that goes away (`saga … | head`) ends the output, not the process in the middle of its work.
signal(SIGPIPE, SIG_IGN)
await Saga.main()
