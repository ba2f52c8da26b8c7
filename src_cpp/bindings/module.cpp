#include "bindings.hpp"
#include "sparsesci/lapack.hpp"

namespace {

/// The address of a function of BLAS or LAPACK, from the capsules that SciPy exports for this.
template <class Function>
Function* from_scipy(const char* module, const char* name) {
    const py::object table = py::module_::import(module).attr("__pyx_capi__");
    const py::object capsule = table[name];
    void* address = PyCapsule_GetPointer(capsule.ptr(), PyCapsule_GetName(capsule.ptr()));
    if (!address) throw py::error_already_set();
    return reinterpret_cast<Function*>(address);
}

}  // namespace

PYBIND11_MODULE(_core, m, py::mod_gil_not_used()) {
    m.doc() = "Compiled kernels of sparsesci; see sparsesci._kernels._contract.";
    sparsesci::bind_types(m);
    sparsesci::bind_kernels(m);
    sparsesci::bind_pursuit(m);
    sparsesci::bind_bayes(m);
    namespace lapack = sparsesci::lapack;
    lapack::potrf = from_scipy<lapack::Potrf>("scipy.linalg.cython_lapack", "dpotrf");
    lapack::potrs = from_scipy<lapack::Potrs>("scipy.linalg.cython_lapack", "dpotrs");
    const char* const blas = "scipy.linalg.cython_blas";
    lapack::dgemm = from_scipy<lapack::Gemm<double>>(blas, "dgemm");
    lapack::sgemm = from_scipy<lapack::Gemm<float>>(blas, "sgemm");
    lapack::dsyrk = from_scipy<lapack::Syrk<double>>(blas, "dsyrk");
    lapack::ssyrk = from_scipy<lapack::Syrk<float>>(blas, "ssyrk");
    m.attr("compiler") = SPARSESCI_COMPILER;
    m.attr("flags") = SPARSESCI_FLAGS;
    m.attr("multiversioned") = std::string(SPARSESCI_MULTIVERSION) == "1";
}
