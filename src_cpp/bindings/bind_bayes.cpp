#include "bindings.hpp"
#include "sparsesci/bayes.hpp"

namespace sparsesci {
namespace {

using Doubles = CArray<double>;
using Indices = CArray<Index>;

void require_listed(const Indices& columns, Index count, Index n_cols, const char* name) {
    for (Index k = 0; k < count; ++k)
        require(columns.data()[k] >= 0 && columns.data()[k] < n_cols,
                std::string(name) + " holds an index outside the matrix");
}

py::tuple py_evidence_burst(Doubles& gram, Indices& active, Indices& slots, Doubles& rho,
                            Doubles& mean, Doubles& sigma, Doubles& S, Doubles& Q, Index n_active,
                            double energy, Index join, double dof, double noise, double penalty,
                            Index max_active, double tol, Doubles& gains, Doubles& work) {
    require(gram.ndim() == 2, "gram must have 2 dimensions");
    const Index capacity = gram.shape(0), p = gram.shape(1);
    require_size(active, capacity, "active");
    require_size(slots, p, "slots");
    require_size(rho, capacity, "rho");
    require_size(mean, capacity, "mean");
    require_size(sigma, capacity * capacity, "sigma");
    require_size(S, p, "S");
    require_size(Q, p, "Q");
    require(n_active >= 0 && n_active <= capacity, "n_active must fit into gram");
    require(static_cast<Index>(work.size()) >= p + capacity, "work arrays are too small");
    require_listed(active, n_active, p, "active");
    EvidenceState state{
        gram.mutable_data(),
        active.mutable_data(),
        slots.mutable_data(),
        rho.mutable_data(),
        mean.mutable_data(),
        sigma.mutable_data(),
        S.mutable_data(),
        Q.mutable_data(),
        p,
        capacity,
        n_active,
        energy};
    const EvidenceRule rule{dof, noise, penalty, max_active, tol, static_cast<Index>(gains.size())};
    double *gain = gains.mutable_data(), *scratch = work.mutable_data();
    EvidenceOutcome outcome{};
    {
        py::gil_scoped_release nogil;
        outcome = evidence_burst(state, rule, join, gain, scratch);
    }
    return py::make_tuple(state.n_active, state.energy, outcome.n_moves, outcome.wanted);
}

double py_spike_slab_sweep(const Matrix& X, const Doubles& lipschitz, const Doubles& prior,
                           const Indices& order, double noise, double logit, Doubles& alpha,
                           Doubles& mean, Doubles& residual, Doubles& offset) {
    const Index p = X.n_cols();
    require_size(lipschitz, p, "lipschitz");
    require_size(prior, p, "prior");
    require_size(alpha, p, "alpha");
    require_size(mean, p, "mean");
    require_size(residual, X.residual_size(), "residual");
    require_size(offset, 1, "offset");
    require_listed(order, static_cast<Index>(order.size()), p, "order");
    const Residual R{residual.mutable_data(), X.residual_size(), offset.mutable_data()};
    double *a = alpha.mutable_data(), *m = mean.mutable_data();
    const SlabRule rule{noise, logit};
    py::gil_scoped_release nogil;
    return std::visit(
        [&](const auto& view) {
            return spike_slab_sweep(view, lipschitz.data(), prior.data(), order.data(),
                                    static_cast<Index>(order.size()), rule, a, m, R);
        },
        X.view);
}

}  // namespace

void bind_bayes(py::module_& m) {
    m.def("evidence_burst", &py_evidence_burst, py::arg("gram").noconvert(),
          py::arg("active").noconvert(), py::arg("slots").noconvert(), py::arg("rho").noconvert(),
          py::arg("mean").noconvert(), py::arg("sigma").noconvert(), py::arg("S").noconvert(),
          py::arg("Q").noconvert(), py::arg("n_active"), py::arg("energy"), py::arg("join"),
          py::arg("dof"), py::arg("noise"), py::arg("penalty"), py::arg("max_active"),
          py::arg("tol"), py::arg("gains").noconvert(), py::arg("work").noconvert());
    m.def("spike_slab_sweep", &py_spike_slab_sweep, py::arg("X"), py::arg("lipschitz").noconvert(),
          py::arg("prior").noconvert(), py::arg("order").noconvert(), py::arg("noise"),
          py::arg("logit"), py::arg("alpha").noconvert(), py::arg("mean").noconvert(),
          py::arg("residual").noconvert(), py::arg("offset").noconvert());
}

}  // namespace sparsesci
