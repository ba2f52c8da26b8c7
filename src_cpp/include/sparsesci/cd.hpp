#pragma once
#include <algorithm>
#include <type_traits>
#include <vector>

#include "sparsesci/face.hpp"
#include "sparsesci/tile.hpp"

namespace sparsesci {

/// Coefficients of `n_tasks` targets: p rows of n_tasks values.
struct Coefficients {
    double* values;
    Index n_tasks;
    double* row(Index j) const { return values + j * n_tasks; }
};

struct BurstLimits {
    Index max_updates;  // of single rows
    double tol;         // on max_j L_j ||change of w_j||, the violation met during a sweep
    bool accelerate;    // on the support: extrapolation, or its minimum for a Gram matrix
};

struct BurstResult {
    Index n_updates;
    double violation;
};

inline constexpr Index anderson_depth = 5;

/// Largest support, in coefficients, whose minimum is taken by elimination.
inline constexpr Index max_face = 4000;

/// Doubles of work that `cd_burst` needs.
template <class View>
Index burst_work_size(const View& X, Index ws_size, Index n_tasks) {
    Index size = (anderson_depth + 1) * ws_size * n_tasks;
    if constexpr (std::is_same_v<View, GramView>) {
        // A copy of the support's part: Gram matrix, residual, coefficients, iterates.
        const Index m = std::min(ws_size, max_face / n_tasks) * n_tasks;
        const Index copy = m * m + (anderson_depth + 3) * m;
        static_assert(anderson_depth + 3 >= Face::vectors);
        size = std::max(size, copy);
    }
    // The working set and its support, each in tiles.
    return size + n_tasks * (X.residual_size() + 3) + 2 * tile_work_size(X, ws_size, n_tasks);
}

/// Cyclic coordinate descent over the rows in `ws`, in place on w and R (defined in cd.ipp).
///
/// A sweep over the working set alternates with a few sweeps over its support, optionally
/// extrapolated, until a full sweep meets the tolerance or the updates are spent.
template <class View>
BurstResult cd_burst(const View& X, const Penalty& penalty, const double* lipschitz,
                     const Index* ws, Index ws_size, Coefficients w, Residual R,
                     const BurstLimits& limits, double* work, Index* index_work);

/// What changes from step to step of a path, an entry for each step.
struct PathSteps {
    std::vector<const Penalty*> penalties;
    const double *slopes, *tols;  // of the line through the last two solutions; see BurstLimits
};

/// Bursts at one penalty after another, each from the line through the two solutions before, of
/// which `before` is the older. Returns the steps that met their tolerance before all updates
/// were spent; their coefficients and updates are in `out` and `n_updates` (defined in cd.ipp).
template <class View>
Index cd_path(const View& X, const PathSteps& steps, const double* lipschitz, const Index* ws,
              Index ws_size, Coefficients w, Coefficients before, Residual R, Index max_updates,
              double* out, Index* n_updates, double* work, Index* index_work);

}  // namespace sparsesci
