#include "sparsesci/lapack.hpp"

namespace sparsesci::lapack {

Potrf* potrf = nullptr;
Potrs* potrs = nullptr;
Gemm<double>* dgemm = nullptr;
Gemm<float>* sgemm = nullptr;
Syrk<double>* dsyrk = nullptr;
Syrk<float>* ssyrk = nullptr;

namespace {

void call(Gemm<double>*& gemm, Syrk<double>*& syrk) {
    gemm = dgemm;
    syrk = dsyrk;
}
void call(Gemm<float>*& gemm, Syrk<float>*& syrk) {
    gemm = sgemm;
    syrk = ssyrk;
}

/// The functions for one precision.
template <class T>
struct Blas {
    Gemm<T>* gemm;
    Syrk<T>* syrk;
    Blas() { call(gemm, syrk); }
};

}  // namespace

// Rows here are columns there; what is only read is not declared const there.
template <class T>
void add_products(const T* A, Index p, const T* B, Index m, Index k, Index length, T* C,
                  Index stride) {
    char transposed = 'T', plain = 'N';
    int n_a = static_cast<int>(p), n_b = static_cast<int>(m), depth = static_cast<int>(k);
    int apart = static_cast<int>(length), out = static_cast<int>(stride);
    T one = 1;
    Blas<T>().gemm(&transposed, &plain, &n_a, &n_b, &depth, &one, const_cast<T*>(A), &apart,
                   const_cast<T*>(B), &apart, &one, C, &out);
}

template <class T>
void add_squares(const T* A, Index p, Index k, Index length, T* C, Index stride) {
    char upper = 'U', transposed = 'T';
    int n = static_cast<int>(p), depth = static_cast<int>(k);
    int apart = static_cast<int>(length), out = static_cast<int>(stride);
    T one = 1;
    Blas<T>().syrk(&upper, &transposed, &n, &depth, &one, const_cast<T*>(A), &apart, &one, C, &out);
}

#define SPARSESCI_INSTANTIATE(T)                                                           \
    template void add_products(const T*, Index, const T*, Index, Index, Index, T*, Index); \
    template void add_squares(const T*, Index, Index, Index, T*, Index);
SPARSESCI_INSTANTIATE(double)
SPARSESCI_INSTANTIATE(float)

bool solve_positive(double* A, Index k, double* x) {
    char upper = 'U';  // rows here are columns there
    int n = static_cast<int>(k), one = 1, info = 0;
    potrf(&upper, &n, A, &n, &info);
    if (info != 0) return false;
    potrs(&upper, &n, &one, A, &n, x, &n, &info);
    return info == 0;
}

}  // namespace sparsesci::lapack
