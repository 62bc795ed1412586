#pragma once

#include "csrc/aten/vendor/AtbRules.h"
#include "csrc/aten/vendor/AttentionRules.h"
#include "csrc/aten/vendor/DeltaRuleRules.h"
#include "csrc/aten/vendor/FormatRules.h"
#include "csrc/aten/vendor/MlaRules.h"
#include "csrc/aten/vendor/MoeRules.h"
#include "csrc/aten/vendor/QuantizationRules.h"
#include "csrc/aten/vendor/RotaryRules.h"
#include "csrc/aten/vendor/Rules.h"
#include "csrc/aten/vendor/SparseAttentionRules.h"
