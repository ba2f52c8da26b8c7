#include "sparsesci/lapack.hpp"

namespace sparsesci::lapack {

Potrf* potrf = nullptr;
Potrs* potrs = nullptr;
Gemm* gemm = nullptr;
Syrk* syrk = nullptr;

// Rows here are columns there; what is only read is not declared const there.
void add_products(const double* A, Index p, const double* B, Index m, Index k, Index length,
                  double* C, Index stride) {
    char transposed = 'T', plain = 'N';
    int n_a = static_cast<int>(p), n_b = static_cast<int>(m), depth = static_cast<int>(k);
    int apart = static_cast<int>(length), out = static_cast<int>(stride);
    double one = 1;
    gemm(&transposed, &plain, &n_a, &n_b, &depth, &one, const_cast<double*>(A), &apart,
         const_cast<double*>(B), &apart, &one, C, &out);
}

void add_squares(const double* A, Index p, Index k, Index length, double* C, Index stride) {
    char upper = 'U', transposed = 'T';
    int n = static_cast<int>(p), depth = static_cast<int>(k);
    int apart = static_cast<int>(length), out = static_cast<int>(stride);
    double one = 1;
    syrk(&upper, &transposed, &n, &depth, &one, const_cast<double*>(A), &apart, &one, C, &out);
}

bool solve_positive(double* A, Index k, double* x) {
    char upper = 'U';  // rows here are columns there
    int n = static_cast<int>(k), one = 1, info = 0;
    potrf(&upper, &n, A, &n, &info);
    if (info != 0) return false;
    potrs(&upper, &n, &one, A, &n, x, &n, &info);
    return info == 0;
}

}  // namespace sparsesci::lapack
