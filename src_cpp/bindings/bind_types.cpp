#include <algorithm>
#include <type_traits>

#include "bindings.hpp"

namespace sparsesci {
namespace {

const double* pointer(const py::object& a, Index size, const char* name) {
    const auto array = optional_array<double>(a, name);
    if (!array) return nullptr;
    require_size(*array, size, name);
    return array->data();  // kept alive by the matrix
}

/// A malformed matrix must not become a read outside the residual.
void require_in_range(const CArray<std::int32_t>& indices, const CArray<std::int32_t>& indptr,
                      Index n_cols, Index n_rows) {
    bool rising = true;
    for (Index j = 0; j < n_cols; ++j) rising &= indptr.data()[j] <= indptr.data()[j + 1];
    require(rising, "indptr must not decrease");
    std::uint32_t largest = 0;  // a negative index turns into a large one
    for (Index k = indptr.data()[0]; k < indptr.data()[n_cols]; ++k)
        largest = std::max(largest, static_cast<std::uint32_t>(indices.data()[k]));
    require(indptr.data()[0] == indptr.data()[n_cols] || static_cast<Index>(largest) < n_rows,
            "indices holds a row outside the matrix");
}

template <class T>
void bind_data(py::module_& m) {
    m.def(
        "dense_matrix",
        [](const FArray<T>& X, const py::object& means, const py::object& weights) {
            require(X.ndim() == 2, "X must have 2 dimensions");
            const Index n = X.shape(0), p = X.shape(1);
            return Matrix{DenseView<T>{X.data(), n, p, pointer(means, p, "means"),
                                       pointer(weights, n, "weights")},
                          {X, means, weights}};
        },
        py::arg("X").noconvert(), py::arg("means"), py::arg("weights"));
    m.def(
        "csc_matrix",
        [](const CArray<T>& data, const CArray<std::int32_t>& indices,
           const CArray<std::int32_t>& indptr, Index n_rows, const py::object& means,
           const py::object& weights) {
            require(indptr.size() >= 1, "indptr must have at least one entry");
            const Index p = static_cast<Index>(indptr.size()) - 1;
            require_size(indices, static_cast<Index>(data.size()), "indices");
            require(indptr.data()[0] >= 0 && indptr.data()[p] <= data.size(),
                    "indptr points outside data");
            require_in_range(indices, indptr, p, n_rows);
            const double *mean = pointer(means, p, "means"),
                         *s = pointer(weights, n_rows, "weights");
            const Index n_counted =
                s ? std::count_if(s, s + n_rows, [](double si) { return si > 0; }) : n_rows;
            return Matrix{CscView<T>{data.data(), indices.data(), indptr.data(), n_rows, p, mean, s,
                                     n_counted},
                          {data, indices, indptr, means, weights}};
        },
        py::arg("data").noconvert(), py::arg("indices").noconvert(), py::arg("indptr").noconvert(),
        py::arg("n_rows"), py::arg("means"), py::arg("weights"));
}

std::unique_ptr<Penalty> build_penalty(const std::string& name, const py::tuple& scalars,
                                       const py::tuple& arrays) {
    Params params;
    for (const auto& s : scalars)
        params.scalars.push_back(py::float_(py::reinterpret_borrow<py::object>(s)));
    for (const auto& a : arrays) {
        const auto values =
            optional_array<double>(py::reinterpret_borrow<py::object>(a), "a parameter");
        if (!values) throw py::type_error("a parameter must be an array");
        params.arrays.emplace_back(values->data(), values->data() + values->size());
    }
    for (const Signature& s : signatures(Penalties{}))
        if (s.name == name)
            require(params.scalars.size() == s.scalars.size() &&
                        params.arrays.size() == s.arrays.size(),
                    "penalty '" + name + "' got the wrong number of parameters");
    return make_penalty(name, params, Penalties{});
}

py::dict penalty_signatures() {
    const auto names = [](const std::vector<std::string_view>& in) {
        py::list out;
        for (const auto s : in) out.append(py::str(s.data(), s.size()));
        return py::tuple(out);
    };
    py::dict out;
    for (const Signature& s : signatures(Penalties{}))
        out[py::str(s.name.data(), s.name.size())] =
            py::make_tuple(names(s.scalars), names(s.arrays));
    return out;
}

}  // namespace

void bind_types(py::module_& m) {
    py::class_<Matrix>(m, "Matrix");
    py::class_<Penalty>(m, "Penalty");
    bind_data<double>(m);
    bind_data<float>(m);
    m.def(
        "gram_matrix",
        [](const CArray<double>& gram, Index n_cols, Index n_samples) {
            require(gram.ndim() == 2 && gram.shape(0) == gram.shape(1), "gram must be square");
            require(n_cols >= 0 && n_cols <= gram.shape(0), "n_cols must fit into gram");
            return Matrix{GramView{gram.data(), gram.shape(0), n_cols, n_samples}, {gram}};
        },
        py::arg("gram").noconvert(), py::arg("n_cols"), py::arg("n_samples"));
    m.def(
        "recentred",
        [](const Matrix& X, const py::object& means) {
            Matrix out = X;
            const double* mean = pointer(means, X.n_cols(), "means");
            std::visit(
                [&](auto& view) {
                    if constexpr (std::is_same_v<std::decay_t<decltype(view)>, GramView>)
                        throw std::invalid_argument("a Gram matrix has no means");
                    else
                        view.means = mean;
                },
                out.view);
            out.keep_alive.push_back(means);
            return out;
        },
        py::arg("X"), py::arg("means"));
    m.def("penalty", &build_penalty, py::arg("name"), py::arg("scalars"), py::arg("arrays"));
    m.def("penalty_signatures", &penalty_signatures);
}

}  // namespace sparsesci
