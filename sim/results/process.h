// What a program settles about HDF5 before anything uses it.
#pragma once

namespace cyclescope::results {

/// Keeps HDF5 from printing to stderr: neither its error stack nor, after a damaged file, complaints of its clean-up at
/// exit (which has nothing to do: every handle is closed by its owner). To be called before any other use of HDF5.
void silence_hdf5();

}  // namespace cyclescope::results
