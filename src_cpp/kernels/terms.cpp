#include "sparsesci/terms.hpp"

#include <algorithm>
#include <vector>

namespace sparsesci {
namespace {

/// Norm of a row; a single value keeps its sign, on which `positive` depends.
double size_of(const double* row, Index T) {
    if (T == 1) return row[0];
    double sum = 0;
    for (Index t = 0; t < T; ++t) sum += row[t] * row[t];
    return std::sqrt(sum);
}

/// Root in (0, high) of a falling function with value `at_low` > 0 at 0; `high` where it stays
/// positive. Regula falsi with the Illinois weights; 1 is the likely root, near an optimum.
template <class F>
double falling_root(F f, double at_low, double high) {
    double low = 0, at_high = f(high);
    double best = high, size = std::abs(at_high);
    const double enough = 1e-14 * at_low;
    int side = 0;
    for (int k = 0; k < 100 && at_high < 0 && size > enough && high - low > 4e-16 * high; ++k) {
        const bool guess = k == 0 && high > 1;
        const double c = guess ? 1 : (low * at_high - high * at_low) / (at_high - at_low);
        const double value = f(c);
        if (std::abs(value) < size) {
            best = c;
            size = std::abs(value);
        }
        if (value > 0) {
            low = c, at_low = value;
            if (side > 0) at_high /= 2;
            side = 1;
        } else {
            high = c, at_high = value;
            if (side < 0) at_low /= 2;
            side = -1;
        }
    }
    return best;
}

template <class P>
void prox_of(const P& penalty, const double* x, Index n_batch, Index p, const double* steps,
             double* out) {
    for (Index b = 0; b < n_batch; ++b)
        for (Index j = 0; j < p; ++j) out[b * p + j] = penalty.prox(x[b * p + j], steps[b], j);
}

template <class P>
void prox_rows_of(const P& penalty, const double* rows, Index p, Index T, double step,
                  double* out) {
    for (Index j = 0; j < p; ++j) {
        const double size = size_of(rows + j * T, T);
        const double shrink = size != 0 ? penalty.prox(size, step, j) / size : 0.0;
        for (Index t = 0; t < T; ++t) out[j * T + t] = shrink * rows[j * T + t];
    }
}

template <class P>
double value_of(const P& penalty, const double* rows, Index p, Index T) {
    double sum = 0;
    for (Index j = 0; j < p; ++j) sum += penalty.value(size_of(rows + j * T, T), j);
    return sum;
}

/// Distance of -sign * grad from the subdifferential at a row of norm `size`.
template <class P>
double subdiff_row(const P& penalty, double size, const double* row, const double* grad,
                   double sign, Index T, Index j) {
    if (T == 1) return penalty.subdiff(size, sign * grad[0], j);
    if (size == 0) return penalty.subdiff(size, -size_of(grad, T), j);
    // Split the gradient along the row and across it: the penalty only acts along.
    double along = 0, across = 0;
    for (Index t = 0; t < T; ++t) along += sign * grad[t] * row[t] / size;
    for (Index t = 0; t < T; ++t) {
        const double rest = sign * grad[t] - along * row[t] / size;
        across += rest * rest;
    }
    return std::hypot(penalty.subdiff(size, along, j), std::sqrt(across));
}

template <class P>
void subdiff_of(const P& penalty, const double* rows, const double* grad, Index p, Index T,
                double* out) {
    for (Index j = 0; j < p; ++j) {
        const double* row = rows + j * T;
        out[j] = subdiff_row(penalty, size_of(row, T), row, grad + j * T, +1, T, j);
    }
}

template <class P>
DualPoint dual_point_of(const P& penalty, const double* u, Index p, Index T, double quadratic,
                        double linear) {
    double high = quadratic > 0 ? linear / (2 * quadratic) : 1.0;
    for (Index j = 0; j < p; ++j) {
        const double size = size_of(u + j * T, T);
        // Hardly any row asks for a division.
        if (penalty.subdiff(0.0, -high * size, j) > 0)
            high = std::fmin(high, penalty.dual_scale(size, j));
    }
    if (!(high > 0)) return {0.0, 0.0};

    // Only rows whose conjugate is not flat up to `high` bend D.
    std::vector<Index> bent;
    for (Index j = 0; j < p; ++j)
        if (penalty.conjugate_grad(high * size_of(u + j * T, T), j) != 0) bent.push_back(j);
    const auto slope = [&](double c) {
        double s = linear - 2 * quadratic * c;
        for (Index j : bent) {
            const double size = size_of(u + j * T, T);
            s -= size * penalty.conjugate_grad(c * size, j);
        }
        return s;
    };

    const double scale = bent.empty() ? high : falling_root(slope, linear, high);
    double dual = linear * scale - quadratic * scale * scale;
    for (Index j : bent) dual -= penalty.conjugate(scale * size_of(u + j * T, T), j);
    return {scale, dual};
}

template <class P>
Optimality certify_of(const P& penalty, const double* rows, const double* u, Index p, Index T,
                      double quadratic, double linear, double* __restrict violations) {
    Optimality out{};
    out.dual = dual_point_of(penalty, u, p, T, quadratic, linear);
    // Nearly all rows are zero; the others are looked at again below.
    if (T == 1)
        for (Index j = 0; j < p; ++j) violations[j] = penalty.subdiff(0.0, -u[j], j);
    for (Index j = 0; j < p; ++j) {
        const double* row = rows + j * T;
        const double size = size_of(row, T);
        if (T > 1 || size != 0)
            violations[j] = subdiff_row(penalty, size, row, u + j * T, -1, T, j);
        if (size == 0) continue;
        out.value += penalty.value(size, j);
        ++out.n_active;
        for (Index t = 0; t < T; ++t) out.largest = std::fmax(out.largest, std::abs(row[t]));
    }
    for (Index j = 0; j < p; ++j)  // NaN wins, and stays: it certifies nothing
        if (!(violations[j] <= out.violation) && !std::isnan(out.violation))
            out.violation = violations[j];
    return out;
}

template <class P>
void screen_of(const P& penalty, const double* u, Index p, Index T, const double* lipschitz,
               double scale, double gap, std::uint8_t* keep) {
    // n ||theta - theta*||^2 <= 2 gap, and |x~_j'S(theta - theta*)| <= sqrt(n L_j) ||.||
    const double margin = 1 + 1e-10;
    for (Index j = 0; j < p; ++j) {
        const double center = scale * size_of(u + j * T, T);
        const double radius = margin * std::sqrt(2 * gap * lipschitz[j]);
        const bool zero = penalty.subdiff(0.0, -(center + radius), j) == 0 &&
                          penalty.subdiff(0.0, -(center - radius), j) == 0;
        keep[j] = !zero;
    }
}

}  // namespace

// Each pass over an array settles once which penalty it is, not at every entry.

void prox(const Penalty& penalty, const double* x, Index n_batch, Index p, const double* steps,
          double* out) {
    as_concrete(
        penalty, [&](const auto& phi) { prox_of(phi, x, n_batch, p, steps, out); }, Penalties{});
}

void prox_rows(const Penalty& penalty, const double* rows, Index p, Index T, double step,
               double* out) {
    as_concrete(
        penalty, [&](const auto& phi) { prox_rows_of(phi, rows, p, T, step, out); }, Penalties{});
}

double value(const Penalty& penalty, const double* rows, Index p, Index T) {
    double out = 0;
    as_concrete(penalty, [&](const auto& phi) { out = value_of(phi, rows, p, T); }, Penalties{});
    return out;
}

void subdiff(const Penalty& penalty, const double* rows, const double* grad, Index p, Index T,
             double* out) {
    as_concrete(
        penalty, [&](const auto& phi) { subdiff_of(phi, rows, grad, p, T, out); }, Penalties{});
}

DualPoint dual_point(const Penalty& penalty, const double* u, Index p, Index T, double quadratic,
                     double linear) {
    DualPoint out{};
    as_concrete(
        penalty, [&](const auto& phi) { out = dual_point_of(phi, u, p, T, quadratic, linear); },
        Penalties{});
    return out;
}

Optimality certify(const Penalty& penalty, const double* rows, const double* u, Index p, Index T,
                   double quadratic, double linear, double* violations) {
    Optimality out{};
    as_concrete(
        penalty,
        [&](const auto& phi) {
            out = certify_of(phi, rows, u, p, T, quadratic, linear, violations);
        },
        Penalties{});
    return out;
}

void screen(const Penalty& penalty, const double* u, Index p, Index T, const double* lipschitz,
            double scale, double gap, std::uint8_t* keep) {
    as_concrete(
        penalty, [&](const auto& phi) { screen_of(phi, u, p, T, lipschitz, scale, gap, keep); },
        Penalties{});
}

}  // namespace sparsesci
