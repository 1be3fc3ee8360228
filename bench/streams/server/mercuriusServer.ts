import { randomUUID } from 'node:crypto';
import fastify from 'fastify';
import mercurius from 'mercurius';
import type { AddressInfo } from 'node:net';
import { OperationCost } from '../../../src/security/requestContext';
import type { GraphqlContext } from '../../../src/graphql/context';
import type { Assembly } from './assembly';
import { buildBenchSchema } from './schema';

/** Mercurius as its documentation sets it up, over the same schema, without rules. */
export async function startMercuriusServer({ services }: Assembly): Promise<number> {
  const app = fastify();
  const context = (): GraphqlContext => ({
    principal: null,
    rateKey: 'ip:127.0.0.1',
    ip: '127.0.0.1',
    userAgent: null,
    transport: 'ws',
    requestId: randomUUID(),
    cost: new OperationCost(),
    services,
  });
  await app.register(mercurius, { schema: buildBenchSchema(), subscription: { context } });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}
