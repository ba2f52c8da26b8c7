#pragma once
#include "sparsesci/matrix.hpp"
#include "sparsesci/penalty.hpp"

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
    bool accelerate;    // Anderson extrapolation on the support
};

struct BurstResult {
    Index n_updates;
    double violation;
};

inline constexpr Index anderson_depth = 5;

/// Sizes of the work arrays of `cd_burst`.
inline Index burst_work_size(Index ws_size, Index n_tasks, Index residual_size) {
    return (anderson_depth + 1) * ws_size * n_tasks + n_tasks * (residual_size + 3);
}

/// Cyclic coordinate descent over the rows in `ws`, in place on w and R (defined in cd.ipp).
///
/// A sweep over the working set alternates with a few sweeps over its support, optionally
/// extrapolated, until a full sweep meets the tolerance or the updates are spent.
template <class View>
BurstResult cd_burst(const View& X, const Penalty& penalty, const double* lipschitz,
                     const Index* ws, Index ws_size, Coefficients w, Residual R,
                     const BurstLimits& limits, double* work, Index* index_work);

}  // namespace sparsesci
