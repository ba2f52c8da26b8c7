#pragma once
#include "sparsesci/penalty.hpp"

/// A penalty applied to arrays. `rows` arrays hold p rows of T values; a row of more than one
/// value is penalised through its norm.
namespace sparsesci {

/// out[b, j] = prox of steps[b] phi_j at x[b, j], elementwise.
void prox(const Penalty& penalty, const double* x, Index n_batch, Index p, const double* steps,
          double* out);

/// The same for rows, radially.
void prox_rows(const Penalty& penalty, const double* rows, Index p, Index T, double step,
               double* out);

double value(const Penalty& penalty, const double* rows, Index p, Index T);

/// out[j] = distance of -grad_j from the subdifferential of phi_j(||.||) at rows_j.
void subdiff(const Penalty& penalty, const double* rows, const double* grad, Index p, Index T,
             double* out);

struct DualPoint {
    double scale, value;
};

/// Best multiple of the residual as a dual point. With u = X~'Sr/n given, maximise over c >= 0
///
///     D(c) = linear c - quadratic c^2 - sum_j phi_j*(c ||u_j||).
DualPoint dual_point(const Penalty& penalty, const double* u, Index p, Index T, double quadratic,
                     double linear);

struct Optimality {
    double value;  // of the penalty
    DualPoint dual;
    double violation;  // the largest
    Index n_active;
    double largest;  // coefficient
};

/// Everything that a certificate needs, at once: `value`, `dual_point` and `subdiff` at -u.
Optimality certify(const Penalty& penalty, const double* rows, const double* u, Index p, Index T,
                   double quadratic, double linear, double* violations);

/// keep[j] = 0 where every dual point within the gap's sphere around scale * u proves w_j = 0.
void screen(const Penalty& penalty, const double* u, Index p, Index T, const double* lipschitz,
            double scale, double gap, std::uint8_t* keep);

}  // namespace sparsesci
