#pragma once
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sparsesci/vector.hpp"

/// Separable penalties, sum_j phi_j(w_j).
///
/// Each is written for a scalar. A row of several tasks is penalised through its norm,
/// phi_j(||w_j||), and handled radially by the kernels: no penalty knows about tasks.
namespace sparsesci {

/// Names of the parameters a penalty expects, in the order Python packs them.
struct Signature {
    std::string_view name;
    std::vector<std::string_view> scalars, arrays;
};

struct Params {
    std::vector<double> scalars;
    std::vector<std::vector<double>> arrays;
};

inline constexpr double infinity = std::numeric_limits<double>::infinity();

/// slope |x| + curvature x^2 / 2; `kink` where x may not pass zero smoothly.
struct Piece {
    double slope, curvature;
    bool kink;
};

class Penalty {
public:
    /// Coordinates that the array parameters cover, -1 where there are none.
    Index n_coordinates = -1;

    virtual ~Penalty() = default;
    /// phi_j(x)
    virtual double value(double x, Index j) const = 0;
    /// argmin_z (z - x)^2 / 2 + step phi_j(z)
    virtual double prox(double x, double step, Index j) const = 0;
    /// Distance of -grad to the subdifferential of phi_j at x
    virtual double subdiff(double x, double grad, Index j) const = 0;

    // The dual side. A non-convex penalty has none and leaves these as they are.
    /// sup_z u z - phi_j(z), for u in the domain
    virtual double conjugate(double, Index) const { return infinity; }
    /// The z that attains it
    virtual double conjugate_grad(double, Index) const { return 0; }
    /// Largest c with c u in the domain of the conjugate (infinite where nothing can scale: see
    /// `dual_point`)
    virtual double dual_scale(double, Index) const { return 0; }

    /// Whether every phi_j is a `piece` on each side of zero. Others leave these as they are.
    virtual bool has_pieces() const { return false; }
    virtual Piece piece(Index) const { return {}; }
};

/// Without branches: which coordinates are zero is hard to predict.
inline double soft_threshold(double x, double t) {
    return std::copysign(std::fmax(std::abs(x) - t, 0.0), x) + 0.0;  // never -0
}

// docs: begin elastic net
/// threshold |x| + curvature x^2 / 2, optionally restricted to x >= 0. Base of the L1 family: a
/// member gives threshold(j) and, where it has one, curvature(), both of which are inlined here.
template <class Member>
class L1L2 : public Penalty {
    const Member& self() const { return static_cast<const Member&>(*this); }

protected:
    bool positive_ = false;

public:
    static constexpr double curvature() { return 0; }
    double value(double x, Index j) const override {
        if (positive_ && x < 0) return infinity;
        return x == 0 ? 0.0 : self().threshold(j) * std::abs(x) + self().curvature() * x * x / 2;
    }
    double prox(double x, double step, Index j) const override {
        if (positive_ && x <= 0) return 0;
        const double shrunk = soft_threshold(x, step * self().threshold(j));
        return self().curvature() == 0 ? shrunk : shrunk / (1 + step * self().curvature());
    }
    double subdiff(double x, double grad, Index j) const override {
        const double t = self().threshold(j);
        if (x != 0 && t == infinity) return infinity;
        if (x > 0) return std::abs(grad + t + self().curvature() * x);
        if (x < 0) return positive_ ? infinity : std::abs(grad - t + self().curvature() * x);
        const double excess = (positive_ ? -grad : std::abs(grad)) - t;
        return excess <= 0 ? 0.0 : excess;  // NaN stays NaN: it certifies nothing
    }
    double conjugate(double u, Index j) const override {
        const double z = conjugate_grad(u, j);
        return self().curvature() * z * z / 2;
    }
    double conjugate_grad(double u, Index j) const override {
        if (self().curvature() == 0 || (positive_ && u <= 0)) return 0;
        return soft_threshold(u, self().threshold(j)) / self().curvature();
    }
    double dual_scale(double u, Index j) const override {
        const double size = positive_ ? std::fmax(u, 0) : std::abs(u), t = self().threshold(j);
        return self().curvature() > 0 || t == 0 || size == 0 ? infinity : t / size;
    }
    bool has_pieces() const override { return true; }
    Piece piece(Index j) const override {
        const double t = self().threshold(j);
        return {t, self().curvature(), t > 0 || positive_};
    }
};

class L1 final : public L1L2<L1> {
    double alpha_;

public:
    double threshold(Index) const { return alpha_; }
    static Signature signature() { return {"l1", {"alpha", "positive"}, {}}; }
    explicit L1(const Params& p) : alpha_(p.scalars[0]) { positive_ = p.scalars[1] != 0; }
};

class ElasticNet final : public L1L2<ElasticNet> {
    double l1_, l2_;

public:
    double threshold(Index) const { return l1_; }
    double curvature() const { return l2_; }
    static Signature signature() { return {"elastic_net", {"alpha", "l1_ratio", "positive"}, {}}; }
    explicit ElasticNet(const Params& p)
        : l1_(p.scalars[0] * p.scalars[1]), l2_(p.scalars[0] * (1 - p.scalars[1])) {
        positive_ = p.scalars[2] != 0;
    }
};
// docs: end elastic net

/// Weight 0 leaves a coordinate unpenalised, an infinite weight excludes it.
class WeightedL1 final : public L1L2<WeightedL1> {
    std::vector<double> thresholds_;

public:
    double threshold(Index j) const { return thresholds_[static_cast<std::size_t>(j)]; }
    static Signature signature() { return {"weighted_l1", {"alpha", "positive"}, {"weights"}}; }
    explicit WeightedL1(const Params& p) : thresholds_(p.arrays[0]) {
        positive_ = p.scalars[1] != 0;
        for (double& t : thresholds_) t = t == infinity ? infinity : p.scalars[0] * t;
    }
};

// ---- the registry: a new penalty adds its class to this list, nothing else ------------
template <class... P>
struct PenaltyList {};
using Penalties = PenaltyList<L1, WeightedL1, ElasticNet>;

template <class... P>
std::unique_ptr<Penalty> make_penalty(std::string_view name, const Params& p, PenaltyList<P...>) {
    std::unique_ptr<Penalty> out;
    ((P::signature().name == name ? (out = std::make_unique<P>(p), true) : false) || ...);
    if (!out) throw std::invalid_argument("unknown penalty '" + std::string(name) + "'");
    if (!p.arrays.empty()) out->n_coordinates = static_cast<Index>(p.arrays[0].size());
    return out;
}

/// Call f with the penalty as the type it is: inside, its methods are inlined.
template <class F, class... P>
void as_concrete(const Penalty& penalty, F f, PenaltyList<P...>) {
    const bool known =
        ((dynamic_cast<const P*>(&penalty) ? (f(static_cast<const P&>(penalty)), true) : false) ||
         ...);
    if (!known) f(penalty);
}

template <class... P>
std::vector<Signature> signatures(PenaltyList<P...>) {
    return {P::signature()...};
}

}  // namespace sparsesci
