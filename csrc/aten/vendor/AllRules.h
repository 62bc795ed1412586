#pragma once

#include "csrc/aten/vendor/AttentionRules.h"
#include "csrc/aten/vendor/CollectiveRules.h"
#include "csrc/aten/vendor/CompressionRules.h"
#include "csrc/aten/vendor/FormatRules.h"
#include "csrc/aten/vendor/GroupedMatmulRules.h"
#include "csrc/aten/vendor/MoeRules.h"
#include "csrc/aten/vendor/OptimizerRules.h"
#include "csrc/aten/vendor/QuantizationRules.h"
#include "csrc/aten/vendor/RotaryRules.h"
#include "csrc/aten/vendor/RoutingMapRules.h"
#include "csrc/aten/vendor/Rules.h"
