// Works out the layer of one operator: shape_macs.cpp has the products, shape_vectors.cpp the other operators.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "arch/hailo/layer_shape.h"
#include "sim/base/checked.h"

namespace cyclescope::hailo {

constexpr std::size_t kChannel = 1, kHeight = 2, kWidth = 3;  // of NCHW

class Shaper {
 public:
  Shaper(const workloads::Graph& graph, const workloads::Operator& op, const std::vector<TensorRows>& operands,
         int features)
      : graph_(graph), op_(op), operands_(operands), features_(features), shape_(graph.output(op).shape) {}

  ShapedLayer run();

 private:
  [[noreturn]] void not_modelled(const std::string& why) const { refuse(graph_, op_, why); }

  template <class T>
  [[nodiscard]] const T& attributes() const {
    return std::get<T>(op_.attributes);
  }
  [[nodiscard]] const std::vector<Axis>& axes(std::size_t operand) const { return operands_[operand].axes; }
  [[nodiscard]] std::int64_t padded(std::int64_t n) const { return round_up(n, features_); }

  void add_input(std::size_t operand, const std::vector<AxisUse>& uses);
  /// The output has the rows of an operand of its shape, or the usual ones.
  void like_operand(std::size_t operand);

  /// The usual rows of images. Throws NotModelled for other shapes and for batches.
  void images();

  void add_window(const workloads::Pair& kernel, const workloads::Pair& stride, const workloads::Padding& padding,
                  const workloads::Pair& dilation);

  void convolution();
  void product();
  void product_of_activations();

  /// Over all rows of a frame: each hands on a part. Or within rows.
  void mean(const std::vector<std::size_t>& reduced, bool keepdims);

  void resize();
  void concat();
  /// Rows must hold what is normalised, or they wait for one another.
  void normalisation(std::int64_t passes, std::int64_t axis, bool all_after);

  void pointwise();

  /// MAC slots of a row, and how many sub-clusters can share it.
  void set_macs(std::int64_t slots, std::int64_t parallelism) {
    shaped_.layer.kind = LayerKind::mac;
    shaped_.layer.row_slots = slots;
    shaped_.layer.parallelism = parallelism;
  }

  /// An operand with as many elements, and a bias and a scale per feature.
  void weights(std::size_t operand, std::int64_t features) {
    shaped_.weight_elements = graph_.input(op_, operand).elements();
    shaped_.features = features;
  }

  /// Of the rows as they stand: elements per row with the channels padded, times passes.
  void set_passes(std::int64_t passes);

  /// What follows from the rows.
  void finish();

  const workloads::Graph& graph_;
  const workloads::Operator& op_;
  const std::vector<TensorRows>& operands_;
  int features_;
  workloads::Shape shape_;
  std::vector<Axis> output_;
  int channels_ = -1;
  ShapedLayer shaped_;
};

}  // namespace cyclescope::hailo
