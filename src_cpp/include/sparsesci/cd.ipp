#pragma once
#include <algorithm>
#include <cmath>
#include <type_traits>

#include "sparsesci/cd.hpp"

namespace sparsesci {
namespace detail {

/// Solve C z = 1 by elimination with pivoting; false when C is numerically singular.
template <int N>
bool solve_ones(double (&C)[N][N], double (&z)[N]) {
    for (double& v : z) v = 1;
    for (int k = 0; k < N; ++k) {
        int pivot = k;
        for (int i = k + 1; i < N; ++i)
            if (std::abs(C[i][k]) > std::abs(C[pivot][k])) pivot = i;
        if (!(std::abs(C[pivot][k]) > 0)) return false;
        std::swap(C[k], C[pivot]);
        std::swap(z[k], z[pivot]);
        for (int i = k + 1; i < N; ++i) {
            const double f = C[i][k] / C[k][k];
            for (int l = k; l < N; ++l) C[i][l] -= f * C[k][l];
            z[i] -= f * z[k];
        }
    }
    for (int k = N - 1; k >= 0; --k) {
        for (int l = k + 1; l < N; ++l) z[k] -= C[k][l] * z[l];
        z[k] /= C[k][k];
    }
    return true;
}

inline double norm(const double* x, Index n) {
    if (n == 1) return x[0];  // signed: one task is a plain scalar
    double sum = 0;
    for (Index t = 0; t < n; ++t) sum += x[t] * x[t];
    return std::sqrt(sum);
}

template <class View>
class Burst {
    const View& X_;
    const Penalty& penalty_;
    const double* lipschitz_;
    Coefficients w_;
    Residual R_;
    double *new_row_, *saved_residual_, *history_;
    Index *support_, ws_size_;
    Index support_size_ = 0;
    double sweep_work_ = 0, face_work_ = 0;  // multiplications
    double *ws_tiles_, *support_tiles_;

public:
    Burst(const View& X, const Penalty& penalty, const double* lipschitz, Coefficients w,
          Residual R, Index ws_size, double* work, Index* index_work)
        : X_(X), penalty_(penalty), lipschitz_(lipschitz), w_(w), R_(R), support_(index_work),
          ws_size_(ws_size), ws_tiles_(work) {
        const Index tiles_size = tile_work_size(X, ws_size, w.n_tasks);
        support_tiles_ = ws_tiles_ + tiles_size;
        new_row_ = support_tiles_ + tiles_size;
        saved_residual_ = new_row_ + w.n_tasks;
        history_ = saved_residual_ + w.n_tasks * (X.residual_size() + 1);
    }

    BurstResult run(const Index* ws, Index ws_size, const BurstLimits& limits) {
        BurstResult done{0, 0.0};
        if constexpr (is_dense<View>)
            if (by_tiles()) tiles(ws).forget(ws_size);
        do {
            done.violation = sweep(ws, ws_size);
            done.n_updates += ws_size;
            if (done.violation <= limits.tol) break;
            gather_support(ws, ws_size);
            done.n_updates += use_face(limits) ? settle_on_face(limits) : settle(limits);
        } while (done.n_updates < limits.max_updates);
        return done;
    }

private:
    double sweep(const Index* rows, Index n) {
        if constexpr (is_dense<View>)
            if (by_tiles())
                return tiles(rows).run({rows, n}, penalty_, lipschitz_, w_.values, R_.values);
        double violation = 0;
        for (Index k = 0; k < n; ++k)
            if (lipschitz_[rows[k]] > 0)
                violation = std::fmax(violation, update(X_, R_, rows[k], rows[k]));
        return violation;
    }

    /// Minimise over row j, column i of a view; returns L_j ||change||, the violation of its
    /// optimality before.
    template <class Columns>
    double update(const Columns& X, const Residual& R, Index i, Index j) {
        const Index T = w_.n_tasks;
        double* row = w_.row(j);
        const double L = lipschitz_[j];
        if (T == 1) {
            const double old = row[0];
            row[0] = penalty_.prox(old + X.corr(i, R, 0) / L, 1 / L, j);
            if (row[0] != old) X.step(i, row[0] - old, R, 0);
            return L * std::abs(row[0] - old);
        }
        for (Index t = 0; t < T; ++t) new_row_[t] = row[t] + X.corr(i, R, t) / L;
        const double size = norm(new_row_, T);
        const double shrink = size > 0 ? penalty_.prox(size, 1 / L, j) / size : 0;
        double change = 0;
        for (Index t = 0; t < T; ++t) {
            const double delta = shrink * new_row_[t] - row[t];
            if (delta == 0) continue;
            X.step(i, delta, R, t);
            row[t] += delta;
            change += delta * delta;
        }
        return L * std::sqrt(change);
    }

    bool by_tiles() const { return sweeps_by_tiles(X_, w_.n_tasks); }
    auto tiles(const Index* rows) const {
        double* const work = rows == support_ ? support_tiles_ : ws_tiles_;
        return TileSweep<typename View::Entry>(X_, work, ws_size_);
    }

    void gather_support(const Index* ws, Index ws_size) {
        const Index before = support_size_;
        bool same = true;
        support_size_ = 0;
        for (Index k = 0; k < ws_size; ++k)
            if (lipschitz_[ws[k]] > 0 && norm(w_.row(ws[k]), w_.n_tasks) != 0) {
                same = same && support_size_ < before && support_[support_size_] == ws[k];
                support_[support_size_++] = ws[k];
            }
        if constexpr (is_dense<View>)
            if (by_tiles() && !(same && support_size_ == before))
                tiles(support_).forget(support_size_);
    }

    /// A few sweeps over the support alone; returns the updates made.
    Index settle(const BurstLimits& limits) {
        constexpr int rounds = 2;
        Index n_updates = 0;
        for (int round = 0; round < rounds; ++round) {
            if (limits.accelerate) remember(0);
            for (Index k = 1; k <= anderson_depth; ++k) {
                const double violation = sweep(support_, support_size_);
                n_updates += support_size_;
                if (violation <= limits.tol) return n_updates;
                if (limits.accelerate) remember(k);
            }
            if (limits.accelerate) extrapolate(X_, R_, [this](Index i) { return support_[i]; });
        }
        return n_updates;
    }

    bool use_face(const BurstLimits& limits) const {
        if constexpr (!is_gram<View>) return false;
        return limits.accelerate && history_size() <= max_face && penalty_.has_pieces();
    }

    /// Sweeps over the support, for as much work as its minima take, and then its minimum. Small
    /// ones go there directly.
    Index settle_on_face(const BurstLimits& limits) {
        Index n_updates = 0;
        if constexpr (is_gram<View>) {
            constexpr Index small = 100;
            const bool direct = history_size() <= small && face_work_ <= sweep_work_;
            if (!direct && settle_on_support(limits, n_updates)) return n_updates;
            if (n_updates >= limits.max_updates) return n_updates;
            gather_support(support_, support_size_);
            Face face(X_, penalty_, w_.values, R_, w_.n_tasks, support_, support_size_, history_);
            face_work_ += face.descend();
        }
        return n_updates + support_size_;
    }

    /// Sweeps over the support until they meet the tolerance, true, or have cost as much as its
    /// minimum. A copy of its Gram matrix makes them cheaper, once it has cost less than they did.
    /// It has single precision, for sweeps wait for memory: what is left afterwards, the matrix
    /// itself says, and the next round corrects.
    bool settle_on_support(const BurstLimits& limits, Index& n_updates) {
        const Index k = support_size_, T = w_.n_tasks, p = X_.n_cols;
        constexpr Index gather = 8;  // price of an entry that is copied, in multiplications
        const Index first = 2 * gather * k / (2 * p - k) + 1;
        const bool copied = fits_single();
        for (Index round = 0; copied ? round < first : goes_on(limits, n_updates); ++round) {
            n_updates += k;
            sweep_work_ += static_cast<double>(k * X_.n_cols * T);
            if (sweep(support_, k) <= limits.tol) return true;
        }
        if (!copied) return false;
        double *const room = history_, *const h = room + k * k, *const before = h + k * T;
        float* const gram = reinterpret_cast<float*>(room);
        for (Index a = 0; a < k; ++a)
            for (Index b = 0; b < k; ++b)
                gram[a * k + b] =
                    static_cast<float>(X_.gram[support_[a] * X_.stride + support_[b]]);
        for (Index t = 0; t < T; ++t)
            for (Index a = 0; a < k; ++a) h[t * k + a] = R_.row(t)[support_[a]];
        for (Index a = 0; a < k; ++a) std::copy_n(w_.row(support_[a]), T, before + a * T);

        history_ = before + k * T;  // the rest, for the iterates
        const GramCopy copy{gram, k, X_.n_samples};
        const bool settled = sweep_copy(copy, Residual{h, k, R_.offset}, limits, n_updates);
        history_ = room;
        return follow(before) && settled;
    }

    /// Bring the residual up to date with the rows of the support, which were `before`, or these
    /// back to that: false where the objective would rise.
    bool follow(const double* before) {
        const Index T = w_.n_tasks;
        double fall = 0, size = 0;
        const auto step = [&](double sign) {
            for (Index a = 0; a < support_size_; ++a)
                for (Index t = 0; t < T; ++t) {
                    const double change = w_.row(support_[a])[t] - before[a * T + t];
                    if (change != 0) X_.step(support_[a], sign * change, R_, t);
                }
        };
        const auto count = [&] {
            for (Index a = 0; a < support_size_; ++a)
                for (Index t = 0; t < T; ++t) {
                    const double change = w_.row(support_[a])[t] - before[a * T + t];
                    fall += change * X_.corr(support_[a], R_, t) / 2;
                    size += std::abs(change * X_.corr(support_[a], R_, t));
                }
        };
        count();
        step(+1);
        count();
        for (Index a = 0; a < support_size_; ++a) {
            const double *const row = w_.row(support_[a]), *const old = before + a * T;
            const double from = penalty_.value(norm(old, T), support_[a]);
            fall -= penalty_.value(norm(row, T), support_[a]) - from;
            size += std::abs(from);
        }
        constexpr double rounding = 1e-12;
        if (!(fall < -rounding * size)) return true;
        step(-1);
        for (Index a = 0; a < support_size_; ++a)
            std::copy_n(before + a * T, T, w_.row(support_[a]));
        return false;
    }

    /// The same on the copy, whose columns are the rows of the support in turn.
    bool sweep_copy(const GramCopy& columns, const Residual& R, const BurstLimits& limits,
                    Index& n_updates) {
        const Index k = support_size_, T = w_.n_tasks;
        const double round_work = static_cast<double>(k * k * T);
        double violation = 0;
        Index turn = 0;
        do {
            if (turn == 0) remember(0);
            violation = 0;
            for (Index a = 0; a < k; ++a)
                violation = std::fmax(violation, update(columns, R, a, support_[a]));
            n_updates += k;
            sweep_work_ += round_work;
            remember(++turn);
            if (turn < anderson_depth) continue;
            extrapolate(columns, R, [](Index i) { return i; });
            sweep_work_ += round_work;
            turn = 0;
        } while (violation > limits.tol && goes_on(limits, n_updates));
        return violation <= limits.tol;
    }

    /// Whether sweeps have not yet cost as much as the minimum would.
    bool goes_on(const BurstLimits& limits, Index n_updates) const {
        const double elimination = std::pow(static_cast<double>(history_size()), 3) / 6;
        return sweep_work_ < face_work_ + elimination && n_updates < limits.max_updates;
    }

    /// Whether single precision has the range for the support's part of the Gram matrix.
    bool fits_single() const {
        constexpr double least = 1e-30, most = 1e30;
        for (Index a = 0; a < support_size_; ++a) {
            const double square = lipschitz_[support_[a]] * static_cast<double>(X_.n_samples);
            if (!(square > least && square < most)) return false;
        }
        return true;
    }

    Index history_size() const { return support_size_ * w_.n_tasks; }
    double* iterate(Index k) const { return history_ + k * history_size(); }

    void remember(Index k) {
        double* out = iterate(k);
        for (Index i = 0; i < support_size_; ++i)
            out = std::copy_n(w_.row(support_[i]), w_.n_tasks, out);
    }

    /// Anderson: combine the last iterates so that their combined residual is smallest, and
    /// keep the combination only if the objective falls.
    template <class Columns, class Place>
    void extrapolate(const Columns& X, const Residual& R, Place place) {
        double c[anderson_depth];
        if (!combination(c)) return;
        const Index m = history_size(), T = w_.n_tasks;
        double* const candidate = iterate(0);
        for (Index i = 0; i < m; ++i) {
            double sum = 0;
            for (Index k = 0; k < anderson_depth; ++k) sum += c[k] * iterate(k + 1)[i];
            candidate[i] = sum;
        }
        if (T == 1)  // a zero step projects onto the domain (non-negative coefficients)
            for (Index i = 0; i < m; ++i)
                candidate[i] = penalty_.prox(candidate[i], 0.0, support_[i]);
        accept_if_better(X, R, place, candidate, iterate(anderson_depth));
    }

    bool combination(double (&c)[anderson_depth]) const {
        const Index m = history_size();
        double C[anderson_depth][anderson_depth], trace = 0, sum = 0;
        for (Index a = 0; a < anderson_depth; ++a)
            for (Index b = 0; b <= a; ++b) {
                double s = 0;
                for (Index i = 0; i < m; ++i)
                    s += (iterate(a + 1)[i] - iterate(a)[i]) * (iterate(b + 1)[i] - iterate(b)[i]);
                C[a][b] = C[b][a] = s;
            }
        for (int a = 0; a < anderson_depth; ++a) trace += C[a][a];
        for (int a = 0; a < anderson_depth; ++a) C[a][a] += 1e-14 * trace;
        if (!solve_ones(C, c)) return false;
        for (double v : c) sum += v;
        if (!std::isfinite(sum) || sum == 0) return false;
        for (double& v : c) v /= sum;
        return true;
    }

    /// `place(i)` is the column of X that belongs to the i-th row of the support.
    template <class Columns, class Place>
    void accept_if_better(const Columns& X, const Residual& R, Place place, const double* candidate,
                          const double* current) {
        const Index T = w_.n_tasks, n = X.residual_size();
        std::copy_n(R.values, T * n, saved_residual_);
        std::copy_n(R.offset, T, saved_residual_ + T * n);
        const double before = loss(X, R);
        double change = 0;
        for (Index i = 0; i < support_size_; ++i) {
            const Index j = support_[i];
            const double *from = current + i * T, *to = candidate + i * T;
            change += penalty_.value(norm(to, T), j) - penalty_.value(norm(from, T), j);
            for (Index t = 0; t < T; ++t) X.step(place(i), to[t] - from[t], R, t);
        }
        if constexpr (is_gram<Columns>)
            change += gram_loss_change(X, R, place, candidate, current);
        else
            change += loss(X, R) - before;
        if (change < 0) {
            for (Index i = 0; i < support_size_; ++i)
                std::copy_n(candidate + i * T, T, w_.row(support_[i]));
        } else {
            std::copy_n(saved_residual_, T * n, R.values);
            std::copy_n(saved_residual_ + T * n, T, R.offset);
        }
    }

    template <class Columns>
    double loss(const Columns& X, const Residual& R) const {
        double sum = 0;
        if constexpr (!is_gram<Columns>)
            for (Index t = 0; t < w_.n_tasks; ++t) sum += X.loss(R, t);
        return sum;
    }

    /// Without residuals: -d' (corr before + corr after) / 2, exact for a quadratic.
    template <class Columns, class Place>
    double gram_loss_change(const Columns& X, const Residual& R, Place place,
                            const double* candidate, const double* current) const {
        const Index T = w_.n_tasks;
        const Residual saved{saved_residual_, X.residual_size(), R.offset};
        double sum = 0;
        for (Index i = 0; i < support_size_; ++i)
            for (Index t = 0; t < T; ++t) {
                const double d = candidate[i * T + t] - current[i * T + t];
                sum -= d * (X.corr(place(i), saved, t) + X.corr(place(i), R, t)) / 2;
            }
        return sum;
    }
};

/// Go on along the line from `before` to w, which becomes the older of the two. Rows that would
/// cross zero stop there; those that were zero stay where they are.
template <class View>
void extrapolate(const View& X, double slope, Coefficients w, Coefficients before, Residual R) {
    const Index T = w.n_tasks;
    for (Index j = 0; j < X.n_cols; ++j) {
        double *const now = w.row(j), *const old = before.row(j);
        double moved = 0, inner = 0;
        for (Index t = 0; t < T; ++t) {
            moved += old[t] * old[t];
            inner += now[t] * (now[t] + slope * (now[t] - old[t]));
        }
        for (Index t = 0; t < T; ++t) {
            const double line = inner > 0 ? now[t] + slope * (now[t] - old[t]) : 0.0;
            const double change = moved > 0 ? line - now[t] : 0.0;
            old[t] = now[t];
            if (change == 0) continue;
            X.step(j, change, R, t);
            now[t] += change;
        }
    }
}

}  // namespace detail

template <class View>
BurstResult cd_burst(const View& X, const Penalty& penalty, const double* lipschitz,
                     const Index* ws, Index ws_size, Coefficients w, Residual R,
                     const BurstLimits& limits, double* work, Index* index_work) {
    detail::Burst<View> burst(X, penalty, lipschitz, w, R, ws_size, work, index_work);
    return burst.run(ws, ws_size, limits);
}

template <class View>
Index cd_path(const View& X, const PathSteps& steps, const double* lipschitz, const Index* ws,
              Index ws_size, Coefficients w, Coefficients before, Residual R, Index max_updates,
              double* out, Index* n_updates, double* work, Index* index_work) {
    const Index size = X.n_cols * w.n_tasks, n_steps = static_cast<Index>(steps.penalties.size());
    for (Index k = 0; k < n_steps; ++k) {
        if (max_updates <= 0) return k;
        detail::extrapolate(X, steps.slopes[k], w, before, R);
        const BurstLimits limits{max_updates, steps.tols[k], true};
        const BurstResult done = cd_burst(X, *steps.penalties[static_cast<std::size_t>(k)],
                                          lipschitz, ws, ws_size, w, R, limits, work, index_work);
        if (!(done.violation <= limits.tol)) return k;
        max_updates -= done.n_updates;
        n_updates[k] = done.n_updates;
        out = std::copy_n(w.values, size, out);
    }
    return n_steps;
}

}  // namespace sparsesci
