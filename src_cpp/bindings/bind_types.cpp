#include "bindings.hpp"

namespace sparsesci {
namespace {

using OptionalArray = std::optional<CArray<double>>;

const double* pointer(const OptionalArray& a, Index size, const char* name) {
    if (!a) return nullptr;
    require_size(*a, size, name);
    return a->data();
}

std::vector<py::object> keep(const OptionalArray& means, const OptionalArray& weights) {
    std::vector<py::object> out;
    if (means) out.push_back(*means);
    if (weights) out.push_back(*weights);
    return out;
}

template <class T>
void bind_data(py::module_& m) {
    m.def(
        "dense_matrix",
        [](const FArray<T>& X, const OptionalArray& means, const OptionalArray& weights) {
            require(X.ndim() == 2, "X must have 2 dimensions");
            const Index n = X.shape(0), p = X.shape(1);
            Matrix out{DenseView<T>{X.data(), n, p, pointer(means, p, "means"),
                                    pointer(weights, n, "weights")},
                       keep(means, weights)};
            out.keep_alive.push_back(X);
            return out;
        },
        py::arg("X").noconvert(), py::arg("means").noconvert(), py::arg("weights").noconvert());
    m.def(
        "csc_matrix",
        [](const CArray<T>& data, const CArray<std::int32_t>& indices,
           const CArray<std::int32_t>& indptr, Index n_rows, const OptionalArray& means,
           const OptionalArray& weights) {
            require(indptr.size() >= 1, "indptr must have at least one entry");
            const Index p = static_cast<Index>(indptr.size()) - 1;
            require_size(indices, static_cast<Index>(data.size()), "indices");
            require(indptr.data()[0] >= 0 && indptr.data()[p] <= data.size(),
                    "indptr points outside data");
            Matrix out{CscView<T>{data.data(), indices.data(), indptr.data(), n_rows, p,
                                  pointer(means, p, "means"), pointer(weights, n_rows, "weights")},
                       keep(means, weights)};
            for (const py::object& a : {py::object(data), py::object(indices), py::object(indptr)})
                out.keep_alive.push_back(a);
            return out;
        },
        py::arg("data").noconvert(), py::arg("indices").noconvert(), py::arg("indptr").noconvert(),
        py::arg("n_rows"), py::arg("means").noconvert(), py::arg("weights").noconvert());
}

std::unique_ptr<Penalty> build_penalty(const std::string& name, const py::tuple& scalars,
                                       const py::tuple& arrays) {
    Params params;
    for (const auto& s : scalars) params.scalars.push_back(s.cast<double>());
    for (const auto& a : arrays) {
        const auto values = a.cast<CArray<double>>();
        params.arrays.emplace_back(values.data(), values.data() + values.size());
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
        [](const CArray<double>& gram, Index n_samples) {
            require(gram.ndim() == 2 && gram.shape(0) == gram.shape(1), "gram must be square");
            return Matrix{GramView{gram.data(), gram.shape(0), n_samples}, {gram}};
        },
        py::arg("gram").noconvert(), py::arg("n_samples"));
    m.def("penalty", &build_penalty, py::arg("name"), py::arg("scalars"), py::arg("arrays"));
    m.def("penalty_signatures", &penalty_signatures);
}

}  // namespace sparsesci
