#pragma once
#include "sparsesci/vector.hpp"

/// BLAS and LAPACK, borrowed from SciPy: nothing is linked.
namespace sparsesci::lapack {

using Potrf = void(char* uplo, int* n, double* a, int* lda, int* info);
using Potrs = void(char* uplo, int* n, int* nrhs, double* a, int* lda, double* b, int* ldb,
                   int* info);

template <class T>
using Gemm = void(char* transa, char* transb, int* m, int* n, int* k, T* alpha, T* a, int* lda,
                  T* b, int* ldb, T* beta, T* c, int* ldc);
template <class T>
using Syrk = void(char* uplo, char* trans, int* n, int* k, T* alpha, T* a, int* lda, T* beta, T* c,
                  int* ldc);

/// Addresses, which importing the extension sets once.
extern Potrf* potrf;
extern Potrs* potrs;
extern Gemm<double>* dgemm;
extern Gemm<float>* sgemm;
extern Syrk<double>* dsyrk;
extern Syrk<float>* ssyrk;

/// C += B A' by rows, for rows of A (p x k) and of B (m x k) that lie `length` apart, those of C
/// (m x p) `stride`. Of either precision.
template <class T>
void add_products(const T* A, Index p, const T* B, Index m, Index k, Index length, T* C,
                  Index stride);

/// The lower triangle of C += A A'.
template <class T>
void add_squares(const T* A, Index p, Index k, Index length, T* C, Index stride);

/// x <- A^-1 x by Cholesky, A of size k x k with its lower triangle given by rows and
/// overwritten. False where A is not positive definite.
bool solve_positive(double* A, Index k, double* x);

}  // namespace sparsesci::lapack
