#pragma once
#include "sparsesci/matrix.hpp"

/// Sequential updates of sparse Bayesian learning.
///
/// Design notes
/// A) Variances of coefficients are in units of the noise, rho_j = gamma_j / sigma^2, so that
///    C = I + X R X' does not depend on sigma^2. With the noise learned, sigma^2 leaves the
///    evidence in closed form, and a move of one rho_j maximises it with the noise at its best.
/// B) A column's share u = 1 / (1 + rho s), s = x'C^-1 x without it, is what a move decides: 1 is
///    "absent". u instead of 1 - u, because near-exact fits have u near 0.
/// C) Only inner products with active columns are needed. Their Gram rows are the caller's to
///    compute: a burst ends where one is missing, and names it.
namespace sparsesci {

struct EvidenceRule {
    double dof;        // samples, less one where there is an intercept
    double noise;      // known noise variance, or <= 0: learned
    double penalty;    // price of an active column, in nats
    Index max_active;  // at most so many
    double tol;        // moves that gain no more are not made
    Index max_moves;
};

/// The model: slots 0 .. n_active - 1 hold the active columns.
struct EvidenceState {
    double* gram;   // (capacity, p): inner products of the active columns with all
    Index* active;  // (capacity,): columns
    Index* slots;   // (p,): slot of each column, -1 where it is not active
    double* rho;    // (capacity,)
    double* mean;   // (capacity,): posterior mean
    double* sigma;  // (capacity, capacity): posterior covariance in units of the noise
    double* S;      // (p,): x_j' C^-1 x_j
    double* Q;      // (p,): x_j' C^-1 y
    Index p, capacity, n_active;
    double energy;  // y' C^-1 y and what the prior of the noise adds to it
};

struct EvidenceOutcome {
    Index n_moves;
    Index wanted;  // column whose Gram row is needed to go on; -1: nothing left to gain; -2: moves
                   // spent
};

/// Moves of largest gain: add a column, re-estimate its variance, delete it. `join` (-1: none) is
/// the column whose Gram row the caller has put into slot n_active. gains[m] is the rise of the
/// penalised log evidence by move m. `work` holds p + capacity values.
EvidenceOutcome evidence_burst(EvidenceState& state, const EvidenceRule& rule, Index join,
                               double* gains, double* work);

struct SlabRule {
    double noise;  // sigma^2 / n
    double logit;  // prior log odds of a non-zero coefficient
};

/// One sweep of coordinate ascent on q = prod [alpha_j N(mean_j, v_j) + (1 - alpha_j) delta_0] over
/// the columns in `order`; the prior of slab j is N(0, noise / prior[j]). The residual is that of
/// the posterior mean alpha * mean. Returns the largest change of an alpha.
template <class View>
double spike_slab_sweep(const View& X, const double* lipschitz, const double* prior,
                        const Index* order, Index n_order, const SlabRule& rule, double* alpha,
                        double* mean, const Residual& R);

}  // namespace sparsesci
