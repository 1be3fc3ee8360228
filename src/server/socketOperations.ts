import { randomUUID } from 'node:crypto';
import { createSourceEventStream, GraphQLError, type ExecutionArgs } from 'graphql';
import type { SubscribeMessage } from 'graphql-ws';
import { asError } from '../errors/asError';
import type { GraphqlServices } from '../graphql/context';
import { decideAccess, type AccessSettings } from '../security/access';
import type { PermissionTable } from '../security/permissions';
import { isStreamSource, type StreamEvent, type StreamSource } from '../streams/streamSource';
import type { SubscriptionHub } from '../streams/subscriptionHub';
import type { Metrics } from '../telemetry/metrics';
import { closeCodes } from './closeCodes';
import type { Connection } from './connection';
import type { Operation } from './operationsById';
import type { DocumentExecutor } from './documentExecutor';
import { PlainOperation } from './plainOperation';
import { shareExecution } from './sharedExecution';
import type { SharedFrame } from './sharedFrame';
import { SharedSubscription, type SubscriptionKeeper } from './sharedSubscription';
import type { SocketAdmission } from './socketAdmission';
import type { SubscriptionPlan, SubscriptionPlans } from './subscriptionPlan';

export interface SocketOperationsParts {
  readonly admission: SocketAdmission;
  readonly plans: SubscriptionPlans;
  readonly hub: SubscriptionHub<SharedFrame>;
  readonly executor: DocumentExecutor;
  readonly table: PermissionTable;
  readonly settings: AccessSettings;
  readonly services: GraphqlServices;
  /** False: every subscription is executed for its reader alone. */
  readonly isShared: boolean;
  readonly metrics: Metrics;
}

/**
 * What clients ask for on their sockets, from admission to its end. Subscriptions that many may share join a group of
 * the hub; the rest is handed over to graphql-ws.
 */
export class SocketOperations implements SubscriptionKeeper {
  constructor(private readonly parts: SocketOperationsParts) {}

  /** True where the message was dealt with; false where graphql-ws is to execute what was admitted. */
  subscribe(connection: Connection, message: SubscribeMessage): boolean {
    const { id } = message;
    if (connection.operations.has(id)) {
      connection.close(closeCodes.duplicateId);
      return true;
    }
    const { admission, plans, metrics } = this.parts;
    const admitted = admission.admit(connection, message);
    if (isRefused(admitted)) {
      connection.reader.send({ id, type: 'error', payload: admission.mask(admitted, randomUUID()) });
      return true;
    }
    const plan = plans.planOf(admitted.document);
    metrics.graphqlOperations.inc({ transport: 'ws', kind: plan === null ? 'query' : 'subscription', outcome: 'ok' });
    if (plan !== null) metrics.subscriptions.inc({ field: plan.rootField });
    const scopeKey = plan === null || !this.parts.isShared ? null : scopeKeyOf(plan, connection);
    if (plan === null || scopeKey === null) {
      const onStopped = (operation: Operation): void => {
        this.onStopped(operation);
      };
      connection.operations.set(id, new PlainOperation(plan?.rootField ?? null, onStopped));
      connection.handedOver ??= new Map();
      connection.handedOver.set(id, admitted);
      return false;
    }
    const subscription = new SharedSubscription({
      connection,
      id,
      rootField: plan.rootField,
      payer: connection.payer,
      keeper: this,
    });
    connection.operations.set(id, subscription);
    void this.#join(subscription, { args: admitted, plan, scopeKey });
    return true;
  }

  /** True where the client has ended a subscription of a group; what graphql-ws executes is for graphql-ws to end. */
  complete(connection: Connection, id: string): boolean {
    const operation = connection.operations.get(id);
    if (!(operation instanceof SharedSubscription)) return false;
    connection.operations.delete(id);
    if (operation.isJoining) {
      operation.isAbandoned = true;
      connection.abandoned += 1;
    }
    operation.stop();
    return true;
  }

  /** Asks the table again, for everything that runs: whose role is gone loses the streams that it was needed for. */
  reassess(connection: Connection): void {
    const { identity } = connection;
    if (identity === null) return;
    for (const operation of connection.operations.list()) {
      const row = this.parts.table.roots['Subscription']?.[operation.rootField ?? ''];
      if (row === undefined) continue;
      const decision = decideAccess(row, identity, this.parts.settings);
      if (decision !== true) operation.refuse(decision);
    }
  }

  tellEnd(subscription: SharedSubscription, error: Error | null): void {
    const { connection, id } = subscription;
    if (!subscription.isJoining) forget(connection, subscription);
    if (connection.isClosing) return;
    if (error !== null && connection.isExpiredAt(this.parts.settings.clock())) {
      // Whatever was refused because the token has expired: the reader is to come back, not to give up.
      connection.close(closeCodes.tokenExpired);
      return;
    }
    const message =
      error === null
        ? { id, type: 'complete' }
        : { id, type: 'error', payload: this.parts.admission.mask([asGraphqlError(error)], randomUUID()) };
    connection.reader.send(message);
  }

  giveUp({ connection }: SharedSubscription): void {
    if (connection.isClosing) return;
    this.parts.metrics.socketCapHits.inc({ cap: 'slowReader' });
    connection.close(closeCodes.slowReader);
  }

  onStopped({ rootField }: Operation): void {
    if (rootField !== null) this.parts.metrics.subscriptions.dec({ field: rootField });
  }

  /** Permission, rate and arguments are asked for every reader, by the guarded schema; only then is anything opened. */
  async #join(subscription: SharedSubscription, request: JoinRequest): Promise<void> {
    try {
      const source = await openSource(request.args);
      if (!subscription.isOver) this.#joinGroup(subscription, source, request);
    } catch (error) {
      subscription.end(asError(error));
    } finally {
      subscription.isJoining = false;
      if (subscription.isAbandoned) subscription.connection.abandoned -= 1;
      if (subscription.isOver) forget(subscription.connection, subscription);
    }
  }

  #joinGroup(
    subscription: SharedSubscription,
    source: StreamSource<StreamEvent>,
    { args, plan, scopeKey }: JoinRequest,
  ): void {
    const { plans, hub, executor, services, admission, metrics } = this.parts;
    subscription.after = source.after;
    const group = hub.join<StreamEvent>(
      {
        key: `${scopeKey}\n${plans.groupKeyOf(plan, args.document, args.variableValues ?? {})}`,
        source,
        newRender: () => {
          const executions = metrics.streamExecutions.labels(plan.rootField);
          return shareExecution(args, {
            executor,
            services,
            mask: (errors) => admission.mask(errors, randomUUID()),
            onExecuted: () => {
              executions.inc();
            },
          });
        },
      },
      subscription,
    );
    subscription.joined(group);
  }
}

interface JoinRequest {
  readonly args: ExecutionArgs;
  readonly plan: SubscriptionPlan;
  readonly scopeKey: string;
}

/** Whom a group is for; null where the stream must be executed for its reader alone. */
function scopeKeyOf({ scope }: SubscriptionPlan, { identity }: Connection): string | null {
  if (scope !== 'user') return scope;
  const userId = identity?.principal?.userId;
  return userId === undefined ? null : `user ${userId}`;
}

async function openSource(args: ExecutionArgs): Promise<StreamSource<StreamEvent>> {
  const opened = await createSourceEventStream(args);
  if (isStreamSource(opened)) return opened;
  if (Symbol.asyncIterator in opened) throw new Error('a stream that is declared shared must be a StreamSource');
  throw opened.errors?.[0] ?? new Error('the subscription gave neither events nor an error');
}

function isRefused(admitted: ExecutionArgs | readonly GraphQLError[]): admitted is readonly GraphQLError[] {
  return Array.isArray(admitted);
}

function forget(connection: Connection, operation: SharedSubscription): void {
  if (connection.operations.get(operation.id) === operation) connection.operations.delete(operation.id);
}

/** As graphql-ws puts it: where in the document a stream failed is no matter of its reader. */
function asGraphqlError(error: Error): GraphQLError {
  return new GraphQLError(error.message, { originalError: error });
}
