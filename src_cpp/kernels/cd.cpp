#include "sparsesci/cd.ipp"

namespace sparsesci {

#define SPARSESCI_INSTANTIATE(View)                                                                \
    template BurstResult cd_burst(const View&, const Penalty&, const double*, const Index*, Index, \
                                  Coefficients, Residual, const BurstLimits&, double*, Index*);
SPARSESCI_INSTANTIATE(DenseView<double>)
SPARSESCI_INSTANTIATE(DenseView<float>)
SPARSESCI_INSTANTIATE(CscView<double>)
SPARSESCI_INSTANTIATE(CscView<float>)
SPARSESCI_INSTANTIATE(GramView)

template Index cd_path(const GramView&, const PathSteps&, const double*, const Index*, Index,
                       Coefficients, Coefficients, Residual, Index, double*, Index*, double*,
                       Index*);

}  // namespace sparsesci
