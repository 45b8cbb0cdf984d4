// The public estimator of branes-ai/graphs of 9 November 2025 (commit 92d2279), restated: a flat roofline per operator,
// a flat energy model, and the weight streaming over PCIe that the same commit added for Hailo-8. Pure function; shares
// no timing code with the simulator. It predicts nothing about silicon: it is here to be checked.
//
// For operator i with F_i operations (two per MAC) and B_i = input + output bytes, all operators one after another:
//   compute  c_i = F_i / P k_i      P: peak at the precision, or that of the default precision where none is listed
//   memory   m_i = B_i / BW k_i     BW: the one bandwidth of the platform
//   latency  t_i = max(c_i, m_i) + o    o: overhead per operator (GPU 5 us, TPU class 64 ns, else 0)
//   k_i      1, but on the TPU class 10, 4, 2 for F_i below 10, 100, 500 million
//   base     T = sum t_i
//   energy   sum F_i e_op s(p) + sum B_i e_byte + 0.30 TDP T
//   label    compute when c_i > 1.1 m_i, bandwidth when m_i > 1.1 c_i, else balanced
// and over the model:
//   utilisation  mean over operators of F_i / (t_i P), unweighted: an operator without operations counts as 0
//   peak memory  largest sum of two consecutive outputs, FP32; weights are not counted
//   PCIe         when the platform has no main memory and the weights exceed its on-chip memory: S = parameters b(p),
//                S / 4 GB/s is added to the latency and S 25 pJ to the energy; neither static energy nor utilisation
//                knows of it
// Bytes are those of FP32 at every precision. Constants are data: configs/estimator/constants (constants.h).
//
// Source: the formulas as published in that commit, src/graphs/analysis/{roofline,energy,memory,unified_analyzer}.py.
// With the operator lists of configs/estimator/operators.csv they give every printed digit of its 156 published rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/base/precision.h"

namespace cyclescope::estimate {

/// One operator as the estimator counts it.
struct OperatorCount {
  std::string name;               ///< may be empty
  std::string type;               ///< `conv2d`
  std::int64_t macs = 0;          ///< multiply-accumulates
  std::int64_t ops = 0;           ///< operations, two per MAC
  std::int64_t input_bytes = 0;   ///< FP32; parameters count as inputs
  std::int64_t output_bytes = 0;  ///< FP32
  std::int64_t fixed_bytes = 0;  ///< of the inputs, those of parameters and constants, which do not grow with the batch
  std::vector<std::size_t> members = {};  ///< operators of the graph it stands for, when counted from one
};

/// What is estimated.
struct BranesWorkload {
  std::string model;
  std::vector<OperatorCount> operators;  ///< in execution order, counted at `batch`
  std::int64_t parameters = 0;           ///< elements; only PCIe streaming and the check of memory read them
  std::int64_t batch = 1;                ///< frames; only throughput divides by them
};

/// k of operators with fewer than `below` operations.
struct SizeCorrection {
  std::int64_t below = 0;
  double k = 1;
};

/// Constants of one platform, SI units (configs/estimator/constants/NAME.ini holds them with unit and source).
struct BranesPlatform {
  std::string name;                  ///< `kpu-t64`
  std::map<Precision, double> peak;  ///< op/s; a precision without one has that of default_precision
  Precision default_precision = Precision::int8;
  double bandwidth = 0;                      ///< B/s
  double thermal_power = 0;                  ///< W, TDP of the default profile
  double static_share = 0;                   ///< of the TDP that is always drawn
  double energy_per_op = 0;                  ///< J at FP32
  std::map<Precision, double> energy_scale;  ///< s(p), of every precision
  double energy_per_byte = 0;                ///< J
  double operator_overhead = 0;              ///< s
  std::vector<SizeCorrection> corrections;   ///< rising `below`; the first that holds applies, else k is 1
  std::int64_t main_memory = 0;              ///< bytes
  std::int64_t on_chip_memory = 0;           ///< bytes, of the check whether weights fit
  double pcie_bandwidth = 0;                 ///< B/s of streamed weights
  double pcie_energy_per_byte = 0;           ///< J
};

/// The rules, each of which can be switched. As they stand they give variant `seed` of the published results; with
/// pcie_streaming they give `committed_pcie`.
struct BranesRules {
  bool pcie_streaming = false;    ///< weights that do not fit are sent over PCIe for every inference
  bool operator_overhead = true;  ///< o; off: 0
  bool size_correction = true;    ///< k; off: 1
  bool fallback_peak = true;      ///< off: a precision without a peak is refused
  bool fp32_bytes = true;         ///< off: bytes shrink with the precision
};

enum class BranesBound : std::uint8_t { compute, bandwidth, balanced };

/// `compute`, `bandwidth`, `balanced`.
const char* name(BranesBound bound);

/// Whether the weights fit. The estimator checks it with PCIe streaming only, and where there is no main memory.
enum class BranesFit : std::uint8_t { pass, unchecked, fail };

/// As the published results spell it: `pass`, `pass (no check yet)`, `fail (memory)`.
const char* name(BranesFit fit);

/// Energy in joules.
struct BranesEnergy {
  double compute = 0;
  double memory = 0;
  double static_power = 0;
  double pcie = 0;
  [[nodiscard]] double total() const { return compute + memory + static_power + pcie; }
};

/// One operator, in the order given. Times in seconds.
struct BranesOperator {
  double k = 1;
  double compute_time = 0;  ///< with k
  double memory_time = 0;   ///< with k
  double overhead = 0;
  double latency = 0;
  BranesBound bound = BranesBound::balanced;
  BranesEnergy energy;     ///< pcie is 0: it belongs to the model
  double utilisation = 0;  ///< 0 to 1
};

/// The whole model. Times in seconds.
struct BranesEstimate {
  std::string platform;
  std::string model;
  Precision precision = Precision::int8;
  Precision peak_precision = Precision::int8;  ///< whose peak was used
  double peak = 0;                             ///< op/s
  double compute_time = 0;                     ///< sums over operators
  double memory_time = 0;
  double overhead = 0;
  double base_latency = 0;  ///< T, without PCIe
  double pcie_latency = 0;
  BranesBound bound = BranesBound::balanced;  ///< of the summed times, same 1.1
  BranesEnergy energy;
  double utilisation = 0;  ///< 0 to 1, unweighted mean, PCIe left out
  std::int64_t peak_memory_bytes = 0;
  std::int64_t compute_bound_operators = 0;  ///< with compute_time > memory_time; not the label, which asks for 1.1
  BranesFit fit = BranesFit::pass;
  std::int64_t batch = 1;
  std::vector<BranesOperator> operators;

  [[nodiscard]] double latency() const { return base_latency + pcie_latency; }
  /// Frames per second, 0 for a model that takes no time.
  [[nodiscard]] double throughput() const;
};

/// Estimates. An empty workload takes no time. Throws NotModelled for a precision without a peak when fallback_peak is
/// off, InputError naming the platform for constants that are missing (no peak, no bandwidth, no energy scale).
BranesEstimate branes(const BranesWorkload& workload, const BranesPlatform& platform, Precision precision,
                      const BranesRules& rules = {});

}  // namespace cyclescope::estimate
