#include "bindings.hpp"
#include "sparsesci/pursuit.hpp"

namespace sparsesci {
namespace {

using Doubles = CArray<double>;
using Indices = CArray<Index>;

template <class T>
void py_omp_gram(const CArray<T>& gram, const CArray<T>& correlations, const Doubles& squares,
                 bool ols, Index n_nonzero, double tol, double dependent, double negligible,
                 Indices& support, CArray<T>& coef, Indices& count, Doubles& error,
                 CArray<T>& work) {
    require(gram.ndim() == 2 && gram.shape(0) == gram.shape(1), "gram must be square");
    const Index p = gram.shape(0), n_signals = static_cast<Index>(squares.size());
    require(n_nonzero >= 0 && n_nonzero <= p,
            "n_nonzero must be at most the number of atoms, " + std::to_string(p));
    require_size(correlations, n_signals * p, "correlations");
    require_size(support, n_signals * n_nonzero, "support");
    require_size(coef, n_signals * n_nonzero, "coef");
    require_size(count, n_signals, "count");
    require_size(error, n_signals, "error");
    require(work.size() >= omp_work_size<T>(p, n_nonzero), "work arrays are too small");
    const PursuitRule rule{ols, n_nonzero, tol, dependent, negligible};
    const Codes<T> codes{
        support.mutable_data(), coef.mutable_data(), count.mutable_data(), error.mutable_data()};
    T* scratch = work.mutable_data();
    py::gil_scoped_release nogil;
    omp_gram(gram.data(), p, correlations.data(), squares.data(), n_signals, rule, codes, scratch);
}

template <class T>
void bind_omp(py::module_& m) {
    m.def("omp_gram", &py_omp_gram<T>, py::arg("gram").noconvert(),
          py::arg("correlations").noconvert(), py::arg("squares").noconvert(), py::arg("ols"),
          py::arg("n_nonzero"), py::arg("tol"), py::arg("dependent"), py::arg("negligible"),
          py::arg("support").noconvert(), py::arg("coef").noconvert(), py::arg("count").noconvert(),
          py::arg("error").noconvert(), py::arg("work").noconvert());
}

void py_top_k(const Doubles& scores, Index k, Indices& out) {
    require(scores.ndim() == 2, "scores must have 2 dimensions");
    const Index n_rows = scores.shape(0), p = scores.shape(1);
    require(k >= 0 && k <= p, "k must be at most the number of columns, " + std::to_string(p));
    require_size(out, n_rows * k, "out");
    Index* chosen = out.mutable_data();
    py::gil_scoped_release nogil;
    top_k(scores.data(), n_rows, p, k, chosen);
}

void py_lad_line_search(const Matrix& X, const Doubles& residual, const Doubles& shift,
                        const Doubles& slope, Doubles& steps, Doubles& gains, Doubles& work) {
    require_size(residual, X.residual_size(), "residual");
    require_size(shift, X.n_cols(), "shift");
    require_size(slope, X.n_cols(), "slope");
    require_size(steps, X.n_cols(), "steps");
    require_size(gains, X.n_cols(), "gains");
    require(static_cast<Index>(work.size()) >= 2 * (X.residual_size() + 1),
            "work arrays are too small");
    double *step = steps.mutable_data(), *gain = gains.mutable_data();
    double* scratch = work.mutable_data();
    py::gil_scoped_release nogil;
    std::visit(
        [&](const auto& view) {
            if constexpr (std::is_same_v<std::decay_t<decltype(view)>, GramView>)
                throw std::invalid_argument("a Gram matrix has no rows");
            else
                lad_line_search(
                    view, residual.data(), shift.data(), slope.data(), step, gain, scratch);
        },
        X.view);
}

}  // namespace

void bind_pursuit(py::module_& m) {
    bind_omp<double>(m);
    bind_omp<float>(m);
    m.def(
        "omp_work_size",
        [](Index n_atoms, Index n_nonzero) { return omp_work_size<float>(n_atoms, n_nonzero); },
        py::arg("n_atoms"), py::arg("n_nonzero"));
    m.def("top_k", &py_top_k, py::arg("scores").noconvert(), py::arg("k"),
          py::arg("out").noconvert());
    m.def("lad_line_search", &py_lad_line_search, py::arg("X"), py::arg("residual").noconvert(),
          py::arg("shift").noconvert(), py::arg("slope").noconvert(), py::arg("steps").noconvert(),
          py::arg("gains").noconvert(), py::arg("work").noconvert());
}

}  // namespace sparsesci
