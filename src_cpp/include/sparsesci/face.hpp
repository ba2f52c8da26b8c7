#pragma once
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "sparsesci/lapack.hpp"
#include "sparsesci/matrix.hpp"
#include "sparsesci/penalty.hpp"

namespace sparsesci {

/// Minimum on a face of a Gram problem: the active-set step.
///
/// While rows keep to the support and to their side of zero, the objective is smooth, for a single
/// task quadratic. With h = X~'SR and u_i = w_i / ||w_i||, a Newton step d on the support solves
///
///     (G + n curvature + n slope_i / ||w_i|| (1 - u_i u_i')) d = h - n (curvature w + slope_i
///     u_i).
///
/// Rows that it carries across zero are set to zero, all of them together, and it is taken anew
/// from there. The outcome is kept if the objective falls; else w goes along the first step as far
/// as the border of the face.
class Face {
    static constexpr int max_rounds = 6;
    // Relative to the diagonal. Where the objective is flat along a line, the step stays finite
    // and leads to the border.
    static constexpr double jitter = 1e-13;

    const GramView& X_;
    const Residual R_;
    const Index* rows_;
    Index n_rows_, T_;
    double* w_;
    double n_;
    std::vector<Piece> pieces_;
    std::vector<Index> alive_;  // positions in `rows_` that have not been set to zero
    double *factor_, *base_, *h_, *step_, *first_;

public:
    /// Scratch: a square matrix and so many vectors of `n_rows * n_tasks` doubles.
    static constexpr Index vectors = 4;

    /// `w` holds all rows, of which `rows` lists those that are not zero.
    Face(const GramView& X, const Penalty& penalty, double* w, const Residual& R, Index n_tasks,
         const Index* rows, Index n_rows, double* work)
        : X_(X), R_(R), rows_(rows), n_rows_(n_rows), T_(n_tasks), w_(w),
          n_(static_cast<double>(X.n_samples)), factor_(work) {
        const Index m = n_rows * n_tasks;
        base_ = factor_ + m * m;
        h_ = base_ + m;
        step_ = h_ + m;
        first_ = step_ + m;
        pieces_.reserve(static_cast<std::size_t>(n_rows));
        for (Index i = 0; i < n_rows; ++i) pieces_.push_back(penalty.piece(rows[i]));
    }

    /// Move w and the residual if that lowers the objective; returns the multiplications spent.
    double descend() {
        start();
        double work = 0;
        for (int round = 0; round < max_rounds; ++round) {
            work += elimination_work();
            if (!newton()) return work;
            if (round == 0) std::copy_n(step_, n_rows_ * T_, first_);
            if (!drop_crossing()) {
                if (accept()) return work;
                break;
            }
        }
        if (T_ == 1) go_to_border();
        return work;
    }

private:
    const double* row(Index i) const { return w_ + rows_[i] * T_; }
    const Piece& piece(Index i) const { return pieces_[static_cast<std::size_t>(i)]; }
    double gram(Index i, Index j) const { return X_.gram[rows_[i] * X_.stride + rows_[j]]; }

    double elimination_work() const {
        const double m = static_cast<double>(static_cast<Index>(alive_.size()) * T_);
        return m * m * m / 6;
    }

    void start() {
        alive_.resize(static_cast<std::size_t>(n_rows_));
        std::iota(alive_.begin(), alive_.end(), Index{0});
        for (Index i = 0; i < n_rows_; ++i)
            for (Index t = 0; t < T_; ++t) {
                base_[i * T_ + t] = row(i)[t];
                h_[i * T_ + t] = R_.row(t)[rows_[i]];
            }
    }

    /// Newton step of the rows alive, from `base`; the others do not move.
    bool newton() {
        const Index k = static_cast<Index>(alive_.size()), m = k * T_;
        std::fill_n(step_, n_rows_ * T_, 0.0);
        if (k == 0) return true;
        double* const right = step_;  // spread to its rows below
        for (Index a = 0; a < k; ++a) fill_block(a, m, right);
        if (!lapack::solve_positive(factor_, m, right)) return false;
        for (Index a = k - 1; a >= 0; --a) {
            const Index i = alive_[static_cast<std::size_t>(a)];
            for (Index t = 0; t < T_; ++t) {
                const double d = right[a * T_ + t];
                right[a * T_ + t] = 0;
                step_[i * T_ + t] = d;
            }
        }
        return true;
    }

    /// Rows of the system that belong to the a-th row alive: lower triangle and right side.
    void fill_block(Index a, Index m, double* right) {
        const Index i = alive_[static_cast<std::size_t>(a)];
        const Piece& phi = piece(i);
        const double* const w = base_ + i * T_;
        double size = 0;
        for (Index t = 0; t < T_; ++t) size += w[t] * w[t];
        size = std::sqrt(size);
        const double across = T_ > 1 ? n_ * phi.slope / size : 0.0;
        for (Index t = 0; t < T_; ++t) {
            double* const line = factor_ + (a * T_ + t) * m;
            std::fill_n(line, a * T_ + t + 1, 0.0);
            for (Index b = 0; b <= a; ++b)
                line[b * T_ + t] = gram(i, alive_[static_cast<std::size_t>(b)]);
            line[a * T_ + t] *= 1 + jitter;
            line[a * T_ + t] += n_ * phi.curvature + across;
            for (Index s = 0; s <= t; ++s)
                line[a * T_ + s] -= across * (w[t] / size) * (w[s] / size);
            right[a * T_ + t] =
                h_[i * T_ + t] - n_ * (phi.curvature * w[t] + phi.slope * w[t] / size);
        }
    }

    /// Set rows to zero that the step carries to the other side; false where there are none.
    bool drop_crossing() {
        std::vector<Index> kept, dropped;
        for (const Index i : alive_) {
            double inner = 0;
            for (Index t = 0; t < T_; ++t)
                inner += base_[i * T_ + t] * (base_[i * T_ + t] + step_[i * T_ + t]);
            (piece(i).kink && inner <= 0 ? dropped : kept).push_back(i);
        }
        if (dropped.empty()) return false;
        alive_ = std::move(kept);
        for (const Index j : dropped)
            for (Index t = 0; t < T_; ++t) {
                for (const Index i : alive_) h_[i * T_ + t] += gram(j, i) * base_[j * T_ + t];
                base_[j * T_ + t] = 0;
            }
        return true;
    }

    /// Go to base + step if that is lower.
    bool accept() {
        for (Index c = 0; c < n_rows_ * T_; ++c) step_[c] += base_[c];
        return move_if_lower(step_);
    }

    /// Go along the first step until a row becomes zero: the objective falls all the way.
    void go_to_border() {
        double length = 1;
        Index last = -1;
        for (Index i = 0; i < n_rows_; ++i) {
            const double w = row(i)[0];
            if (!piece(i).kink || w * (w + first_[i]) > 0) continue;
            if (-w / first_[i] <= length) {
                length = -w / first_[i];
                last = i;
            }
        }
        if (last < 0) return;
        for (Index i = 0; i < n_rows_; ++i) step_[i] = row(i)[0] + length * first_[i];
        step_[last] = 0;
        move_if_lower(step_);
    }

    bool move_if_lower(const double* to) {
        double change = walk(to, +1);
        for (Index i = 0; i < n_rows_; ++i) change += penalty_change(i, to + i * T_);
        if (!(change < 0)) {
            walk(to, -1);
            return false;
        }
        for (Index i = 0; i < n_rows_; ++i) std::copy_n(to + i * T_, T_, w_ + rows_[i] * T_);
        return true;
    }

    /// Take the residual from w to `to` (or back); returns the change of the loss.
    double walk(const double* to, double sign) {
        double change = 0;
        for (Index i = 0; i < n_rows_; ++i)
            for (Index t = 0; t < T_; ++t)
                change -= (to[i * T_ + t] - row(i)[t]) * X_.corr(rows_[i], R_, t) / 2;
        for (Index i = 0; i < n_rows_; ++i)
            for (Index t = 0; t < T_; ++t) {
                const double d = to[i * T_ + t] - row(i)[t];
                if (d != 0) X_.step(rows_[i], sign * d, R_, t);
            }
        for (Index i = 0; i < n_rows_; ++i)
            for (Index t = 0; t < T_; ++t)
                change -= (to[i * T_ + t] - row(i)[t]) * X_.corr(rows_[i], R_, t) / 2;
        return change;
    }

    /// phi(||to||) - phi(||w||) without the cancellation of its two terms.
    double penalty_change(Index i, const double* to) const {
        double old_size = 0, new_size = 0, difference = 0;
        for (Index t = 0; t < T_; ++t) {
            const double w = row(i)[t];
            old_size += w * w;
            new_size += to[t] * to[t];
            difference += (to[t] - w) * (to[t] + w);
        }
        const double sum = std::sqrt(old_size) + std::sqrt(new_size);
        const double along = sum > 0 ? difference / sum : 0.0;
        return piece(i).slope * along + piece(i).curvature * difference / 2;
    }
};

}  // namespace sparsesci
