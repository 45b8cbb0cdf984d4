// A number that counts the arithmetic done with it, so that a reference program states its own cost.
#pragma once

#include <cmath>
#include <cstdint>

namespace cyclescope::workloads {

struct Counted {
  static inline std::int64_t operations = 0;
  double value = 0;
};

inline Counted counted(double value) {
  ++Counted::operations;
  return {value};
}

inline Counted operator+(Counted a, Counted b) { return counted(a.value + b.value); }
inline Counted operator-(Counted a, Counted b) { return counted(a.value - b.value); }
inline Counted operator*(Counted a, Counted b) { return counted(a.value * b.value); }
inline Counted operator/(Counted a, Counted b) { return counted(a.value / b.value); }
inline Counted operator-(Counted a) { return counted(-a.value); }
inline Counted max(Counted a, Counted b) { return counted(a.value < b.value ? b.value : a.value); }
inline Counted min(Counted a, Counted b) { return counted(b.value < a.value ? b.value : a.value); }
inline Counted pow(Counted a, Counted b) { return counted(std::pow(a.value, b.value)); }
inline Counted abs(Counted a) { return counted(std::abs(a.value)); }
inline Counted exp(Counted a) { return counted(std::exp(a.value)); }
inline Counted erf(Counted a) { return counted(std::erf(a.value)); }
inline Counted tanh(Counted a) { return counted(std::tanh(a.value)); }
inline Counted sqrt(Counted a) { return counted(std::sqrt(a.value)); }

/// Operations that `program` does.
template <class Program>
std::int64_t count(Program&& program) {
  Counted::operations = 0;
  program();
  return Counted::operations;
}

}  // namespace cyclescope::workloads
