#include "sparsesci/bayes.hpp"

#include <algorithm>
#include <cmath>

namespace sparsesci {
namespace {

constexpr double smallest_share = 1e-14;

/// What one column could add to the model without it: s = x'C^-1 x, a = (x'C^-1 y)^2 / s, and the
/// energy without it.
struct Place {
    double s, a, energy;
};

/// The share that maximises the evidence, 1 for an absent column.
double best_share(const Place& at, const EvidenceRule& rule) {
    const double u =
        rule.noise > 0 ? rule.noise / at.a : (at.energy - at.a) / ((rule.dof - 1) * at.a);
    return u < 1 && at.a > 0 && (rule.noise > 0 || rule.dof > 1)
               ? std::fmax(u, smallest_share)
               : 1.0;
}

/// Log evidence with the column at share u, less that without it.
double log_gain(const Place& at, double u, const EvidenceRule& rule) {
    const double fit =
        rule.noise > 0 ? at.a * (1 - u) / rule.noise
                       : -rule.dof * std::log(((at.energy - at.a) + at.a * u) / at.energy);
    return 0.5 * (fit + std::log(u));
}

struct Move {
    double gain;
    Index column;
    double share;  // it should have; 1: delete
};

/// The best absent column. Its gain grows with a, for all of them alike.
Move best_addition(const EvidenceState& m, const EvidenceRule& rule) {
    double best = 0;
    Index where = -1;
    for (Index j = 0; j < m.p; ++j) {
        if (m.slots[j] >= 0 || m.Q[j] * m.Q[j] <= best * m.S[j]) continue;
        best = m.Q[j] * m.Q[j] / m.S[j];
        where = j;
    }
    if (where < 0) return {0, -1, 1};
    const Place at{m.S[where], best, m.energy};
    const double share = best_share(at, rule);
    if (share >= 1) return {0, -1, 1};
    return {log_gain(at, share, rule) - rule.penalty, where, share};
}

double share_of(const EvidenceState& m, Index slot, Place& at) {
    const double variance = m.sigma[slot * m.capacity + slot];
    at.s = 1 / variance - 1 / m.rho[slot];
    if (!(at.s > 0)) return 1;
    const double q = m.mean[slot] / variance, share = 1 / (1 + m.rho[slot] * at.s);
    at.a = q * q / at.s;
    at.energy = m.energy + at.a * (1 - share);
    return share;
}

/// The best change of an active column.
Move best_change(const EvidenceState& m, const EvidenceRule& rule) {
    Move best{0, -1, 1};
    for (Index slot = 0; slot < m.n_active; ++slot) {
        Place at{};
        const double now = share_of(m, slot, at);
        const double value = now < 1 ? log_gain(at, now, rule) - rule.penalty : -rule.penalty;
        double share = now < 1 ? best_share(at, rule) : 1, then = 0;
        if (share < 1) then = log_gain(at, share, rule) - rule.penalty;
        if (then <= 0) then = 0, share = 1;
        // A column that is of no use goes, however little that gains.
        const bool useless = share >= 1 && best.column < 0;
        if (then - value > best.gain || (useless && then >= value))
            best = {then - value, m.active[slot], share};
    }
    return best;
}

/// v = X'(column of `slot` as the posterior sees it): sum_l sigma_li gram_l.
void project(const EvidenceState& m, const double* weights, double* v) {
    std::fill_n(v, m.p, 0.0);
    for (Index l = 0; l < m.n_active; ++l) axpy(weights[l], m.gram + l * m.p, 0.0, v, m.p);
}

/// sigma -= kappa sigma_i sigma_i', and all that follows from it.
void downdate(EvidenceState& m, Index slot, double kappa, double* work) {
    double *v = work, *column = work + m.p;
    std::copy_n(m.sigma + slot * m.capacity, m.n_active, column);
    const double step = kappa * m.mean[slot];
    project(m, column, v);
    for (Index j = 0; j < m.p; ++j) {
        m.S[j] += kappa * v[j] * v[j];
        m.Q[j] += step * v[j];
    }
    for (Index l = 0; l < m.n_active; ++l) {
        m.mean[l] -= step * column[l];
        axpy(-kappa * column[l], column, 0.0, m.sigma + l * m.capacity, m.n_active);
    }
}

/// The last slot takes the place of `slot`.
void vacate(EvidenceState& m, Index slot) {
    const Index last = --m.n_active;
    m.slots[m.active[slot]] = -1;
    if (slot == last) return;
    double* sigma = m.sigma;
    std::copy_n(m.gram + last * m.p, m.p, m.gram + slot * m.p);
    std::copy_n(sigma + last * m.capacity, last + 1, sigma + slot * m.capacity);
    sigma[slot * m.capacity + slot] = sigma[last * m.capacity + last];
    for (Index l = 0; l < last; ++l)
        if (l != slot) sigma[l * m.capacity + slot] = sigma[slot * m.capacity + l];
    m.active[slot] = m.active[last];
    m.rho[slot] = m.rho[last];
    m.mean[slot] = m.mean[last];
    m.slots[m.active[slot]] = slot;
}

void change(EvidenceState& m, const Move& move, double* work) {
    const Index slot = m.slots[move.column];
    Place at{};
    const double now = share_of(m, slot, at);
    const double variance = m.sigma[slot * m.capacity + slot];
    if (now < 1) m.energy += at.a * (move.share - now);
    if (move.share >= 1) {
        downdate(m, slot, 1 / variance, work);
        vacate(m, slot);
        return;
    }
    const double rho = (1 - move.share) / (move.share * at.s), d = 1 / rho - 1 / m.rho[slot];
    m.rho[slot] = rho;
    downdate(m, slot, d / (1 + variance * d), work);
}

void add(EvidenceState& m, const Move& move, double* work) {
    const Index k = m.n_active, j = move.column;
    double *v = work, *weights = work + m.p;
    double* row = m.gram + k * m.p;
    for (Index l = 0; l < k; ++l) {
        double sum = 0;
        for (Index i = 0; i < k; ++i) sum += m.sigma[l * m.capacity + i] * m.gram[i * m.p + j];
        weights[l] = -sum;
    }
    const double rho = (1 - move.share) / (move.share * m.S[j]);
    const double variance = (1 - move.share) / m.S[j], mean = variance * m.Q[j];
    m.energy -= m.Q[j] * m.Q[j] / m.S[j] * (1 - move.share);
    project(m, weights, v);
    for (Index i = 0; i < m.p; ++i) {
        const double e = v[i] + row[i];
        m.S[i] -= variance * e * e;
        m.Q[i] -= mean * e;
    }
    for (Index l = 0; l < k; ++l) {
        m.mean[l] += mean * weights[l];
        double* sigma = m.sigma + l * m.capacity;
        axpy(variance * weights[l], weights, 0.0, sigma, k);
        sigma[k] = m.sigma[k * m.capacity + l] = variance * weights[l];
    }
    m.sigma[k * m.capacity + k] = variance;
    m.active[k] = j;
    m.slots[j] = k;
    m.rho[k] = rho;
    m.mean[k] = mean;
    ++m.n_active;
}

}  // namespace

EvidenceOutcome evidence_burst(EvidenceState& m, const EvidenceRule& rule, Index join,
                               double* gains, double* work) {
    Index n_moves = 0;
    for (; n_moves < rule.max_moves; ++n_moves) {
        Move move = best_change(m, rule);
        const bool room = m.n_active < rule.max_active;
        const Move addition = room ? best_addition(m, rule) : Move{0, -1, 1};
        const bool adds = addition.column >= 0 && addition.gain > move.gain;
        if (adds) move = addition;
        if (move.column < 0 || (move.gain <= rule.tol && move.share < 1)) return {n_moves, -1};
        if (adds) {
            if (move.column != join || m.n_active >= m.capacity) return {n_moves, move.column};
            add(m, move, work);
            join = -1;
        } else {
            // The slot that held the new Gram row may be taken over.
            if (move.share >= 1) join = -1;
            change(m, move, work);
        }
        gains[n_moves] = move.gain;
    }
    return {n_moves, -2};
}

template <class View>
double spike_slab_sweep(const View& X, const double* lipschitz, const double* prior,
                        const Index* order, Index n_order, const SlabRule& rule, double* alpha,
                        double* mean, const Residual& R) {
    double largest = 0;
    for (Index k = 0; k < n_order; ++k) {
        const Index j = order[k];
        if (lipschitz[j] == 0) continue;
        const double before = alpha[j] * mean[j], total = lipschitz[j] + prior[j];
        const double m = (X.corr(j, R, 0) + lipschitz[j] * before) / total;
        const double slab = std::log(prior[j] / total) + m * m * total / rule.noise;
        const double a = 1 / (1 + std::exp(-(rule.logit + 0.5 * slab)));
        largest = std::fmax(largest, std::abs(a - alpha[j]));
        if (a * m != before) X.step(j, a * m - before, R, 0);
        alpha[j] = a;
        mean[j] = m;
    }
    return largest;
}

#define SPARSESCI_INSTANTIATE(View)                                                           \
    template double spike_slab_sweep(const View&, const double*, const double*, const Index*, \
                                     Index, const SlabRule&, double*, double*, const Residual&);
SPARSESCI_INSTANTIATE(DenseView<double>)
SPARSESCI_INSTANTIATE(DenseView<float>)
SPARSESCI_INSTANTIATE(CscView<double>)
SPARSESCI_INSTANTIATE(CscView<float>)
SPARSESCI_INSTANTIATE(GramView)

}  // namespace sparsesci
