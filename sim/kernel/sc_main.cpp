#include <systemc>

// libsystemc refers to sc_main; programs here have their own main and drive the kernel through sim/kernel/module.h.
int sc_main(int, char*[]) { return 1; }
