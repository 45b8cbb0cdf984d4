#include "arch/kpu/placement.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "arch/kpu/lowering.h"

namespace cyclescope::kpu {
namespace {

using Sites = std::vector<std::int32_t>;

/// Parts of a row of tiles that read the same channels: one, or as many as the reduction has.
std::int64_t parts_of(const LoweredOp& op) { return op.part_channels > 0 ? op.groups : 1; }

/// Columns of tiles with blocks of a part.
Range columns_of(const LoweredOp& op, std::int64_t part) {
  if (op.part_channels == 0) return {0, op.tiles_n};
  Range columns{op.tiles_n, 0};
  for (std::int64_t in = 0; in < op.tiles_n; ++in) {
    const Range blocks = split(op.grid_n, op.tiles_n, in);
    if (op.group_of(blocks.begin) > part || op.group_of(blocks.end - 1) < part) continue;
    columns = {std::min(columns.begin, in), in + 1};
  }
  return columns;
}

/// Bytes that every tile of a row, and of a column, of tiles reads together with the others of it.
struct SharedBytes {
  std::vector<std::int64_t> row;  ///< part by part
  std::vector<std::int64_t> column;
};

SharedBytes shared_bytes(const LoweredOp& op) {
  const std::int64_t parts = parts_of(op);
  SharedBytes bytes{std::vector<std::int64_t>(static_cast<std::size_t>(op.tiles_m * parts), 0),
                    std::vector<std::int64_t>(static_cast<std::size_t>(op.tiles_n), 0)};
  const bool shared = op.kind == OpKind::gemm && op.groups == parts;
  for (const InputEdge& edge : op.inputs) {
    if (edge.role == EdgeRole::input && shared) {
      for (std::int64_t i = 0; i < op.tiles_m * parts; ++i) {
        const Range pixels = needed_pixels(op, edge, i / parts);
        const std::int64_t channels = edge.reshaped ? edge.channels : op.channels_of(i % parts).size();
        bytes.row[static_cast<std::size_t>(i)] +=
            edge_pixels(op, edge, pixels.begin, pixels.end) * channels * edge.element_bytes;
      }
    } else if (edge.role == EdgeRole::operand_b) {
      for (std::int64_t in = 0; in < op.tiles_n; ++in) {
        bytes.column[static_cast<std::size_t>(in)] +=
            needed_pixels(op, edge, 0).size() * needed_channels(op, edge, in).size() * edge.element_bytes;
      }
    }
  }
  if (op.weight_bytes > 0) {
    for (std::int64_t in = 0; in < op.tiles_n; ++in) {
      bytes.column[static_cast<std::size_t>(in)] +=
          split(op.grid_n, op.tiles_n, in).size() * op.block_n * op.k * op.element_bytes;
    }
  }
  return bytes;
}

/// Columns of tiles side by side in the order of the sites, evenly spread over all of them.
Sites spread_columns(const LoweredOp& op, const Sites& usable) {
  Sites sites;
  const auto all = static_cast<std::int64_t>(usable.size());
  for (std::int64_t im = 0; im < op.tiles_m; ++im) {
    for (std::int64_t in = 0; in < op.tiles_n; ++in) {
      sites.push_back(usable[static_cast<std::size_t>(in * all / op.tiles_n + im)]);
    }
  }
  return sites;
}

/// The usable sites of each mesh row, or of each mesh column.
std::vector<Sites> lines_of(const Sites& usable, const KpuConfig& config, bool rows) {
  std::vector<Sites> lines(static_cast<std::size_t>(rows ? config.mesh_height : config.mesh_width));
  for (const std::int32_t site : usable) {
    lines[static_cast<std::size_t>(rows ? site / config.mesh_width : site % config.mesh_width)].push_back(site);
  }
  return lines;
}

/// Runs of `length` neighbours that fit the lines: the first of every line, then the second, and so on.
std::vector<Sites> runs_of(const std::vector<Sites>& lines, std::int64_t length) {
  std::vector<Sites> runs;
  const auto step = static_cast<std::size_t>(length);
  for (std::size_t first = 0;; first += step) {
    const std::size_t before = runs.size();
    for (const Sites& line : lines) {
      if (first + step > line.size()) continue;
      runs.emplace_back(line.begin() + static_cast<std::ptrdiff_t>(first),
                        line.begin() + static_cast<std::ptrdiff_t>(first + step));
    }
    if (runs.size() == before) return runs;
  }
}

/// Every column of tiles along one line of the mesh: along mesh rows, its rows of tiles keep to the same mesh columns;
/// along mesh columns, weights that come along a mesh row turn once.
std::optional<Sites> columns_along_lines(const LoweredOp& op, const Sites& usable, const KpuConfig& config,
                                         bool mesh_rows) {
  const std::vector<Sites> runs = runs_of(lines_of(usable, config, mesh_rows), op.tiles_m);
  if (static_cast<std::int64_t>(runs.size()) < op.tiles_n) return std::nullopt;
  Sites sites;
  for (std::int64_t im = 0; im < op.tiles_m; ++im) {
    for (std::int64_t in = 0; in < op.tiles_n; ++in) {
      sites.push_back(runs[static_cast<std::size_t>(in)][static_cast<std::size_t>(im)]);
    }
  }
  return sites;
}

/// Every row of tiles along one mesh column.
std::optional<Sites> rows_along_columns(const LoweredOp& op, const Sites& usable, const KpuConfig& config) {
  const std::vector<Sites> runs = runs_of(lines_of(usable, config, false), op.tiles_n);
  if (static_cast<std::int64_t>(runs.size()) < op.tiles_m) return std::nullopt;
  Sites sites;
  for (std::int64_t im = 0; im < op.tiles_m; ++im) {
    sites.insert(sites.end(), runs[static_cast<std::size_t>(im)].begin(), runs[static_cast<std::size_t>(im)].end());
  }
  return sites;
}

/// Rows of tiles one behind the other, mesh column by mesh column.
Sites rows_by_columns(const LoweredOp& op, const Sites& usable, const KpuConfig& config) {
  Sites order;
  for (const Sites& column : lines_of(usable, config, false)) order.insert(order.end(), column.begin(), column.end());
  order.resize(static_cast<std::size_t>(op.tiles()));
  return order;
}

/// Every row of tiles as a rectangle of lines of the mesh, one line (or `lines_each`) for every part of a reduction: the
/// columns of a part are neighbours, and so are the parts of a block.
std::optional<Sites> rows_as_rectangles(const LoweredOp& op, const Sites& usable, const KpuConfig& config,
                                        std::int64_t lines_each, bool along_rows) {
  const std::vector<Sites> lines = lines_of(usable, config, along_rows);
  const std::int64_t parts = parts_of(op);
  const std::int64_t columns = op.tiles_n / parts;
  const std::int64_t width = ceil_div(columns, lines_each);
  const std::int64_t height = parts * lines_each;
  Sites sites;
  for (std::int64_t first = 0; first + height <= static_cast<std::int64_t>(lines.size()); first += height) {
    std::size_t length = SIZE_MAX;  // of the shortest line
    for (std::int64_t i = first; i < first + height; ++i) {
      length = std::min(length, lines[static_cast<std::size_t>(i)].size());
    }
    for (std::int64_t at = 0; at + width <= static_cast<std::int64_t>(length); at += width) {
      for (std::int64_t column = 0; column < op.tiles_n; ++column) {
        const std::int64_t part = column / columns;
        const std::int64_t place = column % columns;
        const Sites& line = lines[static_cast<std::size_t>(first + part * lines_each + place / width)];
        sites.push_back(line[static_cast<std::size_t>(at + place % width)]);
      }
      if (static_cast<std::int64_t>(sites.size()) == op.tiles()) return sites;
    }
  }
  return std::nullopt;
}

/// Links between the routers of two sites.
std::int64_t distance(const KpuConfig& config, std::int32_t a, std::int32_t b) {
  return std::abs(a % config.mesh_width - b % config.mesh_width) +
         std::abs(a / config.mesh_width - b / config.mesh_width);
}

/// Flits times links by which the tiles of a block get its partial sums from each other, every one its share of the rows.
std::int64_t sum_flit_links(const LoweredOp& op, const Sites& sites, const KpuConfig& config) {
  const std::int64_t parts = parts_of(op);
  if (parts < 2 || op.tiles_n % parts != 0) return 0;
  const std::int64_t columns = op.tiles_n / parts;
  const std::int64_t flits =
      ceil_div(op.most_m() * op.block_m * op.most_n() * op.block_n * op.result_bytes, parts * config.flit_bytes);
  std::int64_t links = 0;
  for (std::int64_t im = 0; im < op.tiles_m; ++im) {
    const auto row = sites.begin() + static_cast<std::ptrdiff_t>(im * op.tiles_n);
    for (std::int64_t a = 0; a < op.tiles_n; ++a) {
      for (std::int64_t b = a % columns; b < op.tiles_n; b += columns) {
        if (a != b)
          links += 2 + distance(config, row[static_cast<std::ptrdiff_t>(a)], row[static_cast<std::ptrdiff_t>(b)]);
      }
    }
  }
  return flits * links;
}

/// Links that one packet to all sites crosses: of a tree or, without multicast, of a copy for each.
std::int64_t links_to(const KpuConfig& config, std::int32_t router, const Sites& sites) {
  if (config.multicast) return tree_links(config, router, sites);
  std::int64_t links = 0;
  for (const std::int32_t site : sites) links += tree_links(config, router, {site});
  return links;
}

std::int64_t flit_links(const LoweredOp& op, const SharedBytes& bytes, const Sites& sites, const KpuConfig& config) {
  std::int64_t sum = sum_flit_links(op, sites, config);
  Sites group;
  // Where producers stand is open: the middle of the mesh stands for them.
  const std::int32_t middle = config.mesh_height / 2 * config.mesh_width + config.mesh_width / 2;
  const std::int64_t parts = parts_of(op);
  for (std::int64_t part = 0; part < parts; ++part) {
    const Range columns = columns_of(op, part);
    for (std::int64_t im = 0; im < op.tiles_m; ++im) {
      const std::int64_t flits = ceil_div(bytes.row[static_cast<std::size_t>(im * parts + part)], config.flit_bytes);
      if (flits == 0) continue;
      const auto row = sites.begin() + static_cast<std::ptrdiff_t>(im * op.tiles_n);
      group.assign(row + static_cast<std::ptrdiff_t>(columns.begin), row + static_cast<std::ptrdiff_t>(columns.end));
      sum += flits * links_to(config, middle, group);
    }
  }
  for (std::int64_t in = 0; in < op.tiles_n; ++in) {
    const std::int64_t flits = ceil_div(bytes.column[static_cast<std::size_t>(in)], config.flit_bytes);
    if (flits == 0) continue;
    group.clear();
    for (std::int64_t im = 0; im < op.tiles_m; ++im)
      group.push_back(sites[static_cast<std::size_t>(im * op.tiles_n + in)]);
    // An engine in the row of the tiles, or near it: which one is decided when loads are listed.
    const int row = config.dma_row(config.store_engine(group.front() / config.mesh_width));
    sum += flits * links_to(config, op.weight_bytes > 0 ? row * config.mesh_width : middle, group);
  }
  return sum;
}

}  // namespace

std::int64_t tree_links(const KpuConfig& config, std::int32_t router, const std::vector<std::int32_t>& sites) {
  const std::int32_t x = router % config.mesh_width;
  const std::int32_t y = router / config.mesh_width;
  std::int32_t west = x;
  std::int32_t east = x;
  std::vector<std::int32_t> north(static_cast<std::size_t>(config.mesh_width), y);
  std::vector<std::int32_t> south(static_cast<std::size_t>(config.mesh_width), y);
  for (const std::int32_t site : sites) {
    const std::int32_t column = site % config.mesh_width;
    const std::int32_t row = site / config.mesh_width;
    west = std::min(west, column);
    east = std::max(east, column);
    north[static_cast<std::size_t>(column)] = std::min(north[static_cast<std::size_t>(column)], row);
    south[static_cast<std::size_t>(column)] = std::max(south[static_cast<std::size_t>(column)], row);
  }
  std::int64_t links = 1 + east - west + static_cast<std::int64_t>(sites.size());
  for (std::int32_t column = west; column <= east; ++column) {
    links += south[static_cast<std::size_t>(column)] - north[static_cast<std::size_t>(column)];
  }
  return links;
}

std::vector<Sites> arrangements(const LoweredOp& op, const Sites& usable, const KpuConfig& config) {
  std::vector<Sites> candidates{spread_columns(op, usable)};
  for (const bool mesh_rows : {true, false}) {
    if (auto sites = columns_along_lines(op, usable, config, mesh_rows)) candidates.push_back(std::move(*sites));
  }
  if (auto sites = rows_along_columns(op, usable, config)) candidates.push_back(std::move(*sites));
  candidates.push_back(rows_by_columns(op, usable, config));
  if (parts_of(op) > 1 && op.tiles_n % parts_of(op) == 0) {
    for (const std::int64_t lines_each : {1, 2, 4}) {
      for (const bool along_rows : {true, false}) {
        auto sites = rows_as_rectangles(op, usable, config, lines_each, along_rows);
        if (sites) candidates.push_back(std::move(*sites));
      }
    }
  }
  return candidates;
}

Placement place(const LoweredOp& op, const Sites& usable, const KpuConfig& config) {
  const SharedBytes bytes = shared_bytes(op);
  Placement best;
  for (Sites& sites : arrangements(op, usable, config)) {
    const std::int64_t cost = flit_links(op, bytes, sites, config);
    if (best.sites.empty() || cost < best.flit_links) best = {std::move(sites), cost};
  }
  return best;
}

}  // namespace cyclescope::kpu
