// Everything of the Ascend Computing Language that is declared here.
#ifndef ACL_ACL_H_
#define ACL_ACL_H_

#include "acl/acl_base.h"
#include "acl/acl_mdl_ri.h"
#include "acl/acl_rt.h"

#endif  // ACL_ACL_H_
