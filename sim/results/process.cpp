#include "sim/results/process.h"

#include <hdf5.h>

#include "sim/base/error.h"

namespace cyclescope::results {

void silence_hdf5() {
  if (H5dont_atexit() < 0 || H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) < 0) {
    throw InternalError("HDF5 was used before it was silenced");
  }
}

}  // namespace cyclescope::results
