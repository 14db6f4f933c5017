"""moto's server, with what it lacks for this service: `python -m aws.server LAMBDA_URL --port PORT`, on loopback.

LAMBDA_URL is where functions run (invoke-api.ts): moto keeps what is deployed, and runs nothing.
"""

import sys

import moto.cloudformation.models
from moto.server import main

from . import invocation, logs, resources, roles

# Checked before, by cfn-lint with the project's own settings. As moto calls it, any finding of any level is an error.
moto.cloudformation.models.validate_template_cfn_lint = lambda template: []

if __name__ == "__main__":
    resources.supply()
    post = invocation.caller(sys.argv[1])
    invocation.forward(post)
    logs.deliver(post)
    roles.enforce()
    main(sys.argv[2:])
