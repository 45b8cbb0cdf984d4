#include "sim/run/program.h"

int main(int argc, char** argv) { return cyclescope::run::program(argc, argv); }
