import type { Home } from '../answers/home.ts';
import { createRateLimit, type RateLimitOptions } from '../limits/rate-limit.ts';
import { findOperator, type Operator } from '../store/operators.ts';
import { isPassword, unknownPassword } from '../store/password.ts';

const DEVICE: RateLimitOptions = { burst: 5, perSecond: 1 / 60, most: 1000 };
/** Attempts of all devices at once: each takes 64 MiB for a moment. */
const TOGETHER: RateLimitOptions = { burst: 20, perSecond: 1 / 5, most: 1 };

/** One after the other would let one device keep the others waiting. */
const MOST_CHECKS = 2;

export type LogIn = (remote: string, name: string, password: string, now: number) => Promise<Operator | 'wrong' | 'too-many'>;

/** Two things have to be right: the password, and the device, which has its address in the VPN by its key. */
export function createLogIn({ database, network, sources, log }: Home): LogIn {
  const perDevice = createRateLimit(DEVICE, (remote) => remote);
  const together = createRateLimit(TOGETHER, () => '');
  // A name that nobody has takes as long as a wrong password.
  const nobody = unknownPassword();
  let checking = 0;
  return async (remote, name, password, now) => {
    if (!perDevice.allows(remote, now) || !together.allows(remote, now) || checking >= MOST_CHECKS) return 'too-many';
    const operator = findOperator(database, name);
    checking += 1;
    try {
      const isRight = await isPassword(password, operator?.password ?? nobody);
      if (operator && isRight && sources.operatorAddress(remote) === network.operator(operator.number)) return operator;
    } finally {
      checking -= 1;
    }
    // Not what was typed: it may be a password in the wrong place.
    log.warn({ operator: operator?.name, address: remote }, 'log-in refused');
    return 'wrong';
  };
}
