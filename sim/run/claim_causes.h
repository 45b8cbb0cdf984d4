// One sentence of causes for a claim, out of the ledgers of the rows that decided it.
#pragma once

#include <string>

#include "sim/run/claim_evaluate.h"

namespace cyclescope::run {

/// Of a row the largest shares of its critical path, its energy or its external traffic, whichever the claim is about; of
/// two rows the largest shares of their difference. For what waits, the rows it waits for. Never empty.
std::string causes(const ClaimResult& result);

/// `kpu-t64/resnet50/int8`; of more than three rows how many of which platforms.
std::string row_list(const std::vector<const ClaimRow*>& rows);

}  // namespace cyclescope::run
