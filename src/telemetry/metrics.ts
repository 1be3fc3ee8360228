import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** All Prometheus metrics of one process. Names end in their unit; labels have few values (never a user id). */
export interface Metrics {
  readonly registry: Registry;
  readonly graphqlOperations: Counter<'transport' | 'kind' | 'outcome'>;
  readonly graphqlDurationSeconds: Histogram<'kind'>;
  readonly refusals: Counter<'code' | 'transport'>;
  readonly sockets: Gauge;
  readonly subscriptions: Gauge<'field'>;
  readonly socketCloses: Counter<'code'>;
  readonly socketCapHits: Counter<'cap'>;
  readonly streamGroups: Gauge;
  readonly streamExecutions: Counter<'field'>;
  readonly feedEvents: Counter<'exchange' | 'channel'>;
  readonly feedGaps: Counter<'exchange'>;
  readonly feedResyncs: Counter<'exchange'>;
  readonly feedReconnects: Counter<'exchange'>;
  readonly badMarketData: Counter<'exchange' | 'channel'>;
  readonly feedsOpen: Gauge<'exchange' | 'channel'>;
  readonly mailboxDropped: Counter<'channel'>;
  readonly backgroundFailures: Counter<'task'>;
  readonly refreshTokensReused: Counter;
  readonly mails: Counter<'outcome'>;
  readonly tradingAlarms: Counter<'kind'>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    graphqlOperations: new Counter({
      name: 'tickgate_graphql_operations_total',
      help: 'GraphQL operations answered.',
      labelNames: ['transport', 'kind', 'outcome'],
      registers,
    }),
    graphqlDurationSeconds: new Histogram({
      name: 'tickgate_graphql_duration_seconds',
      help: 'Time from request to answer over HTTP.',
      labelNames: ['kind'],
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
      registers,
    }),
    refusals: new Counter({
      name: 'tickgate_refusals_total',
      help: 'Requests refused, by error code.',
      labelNames: ['code', 'transport'],
      registers,
    }),
    sockets: new Gauge({ name: 'tickgate_websockets', help: 'WebSocket connections open now.', registers }),
    subscriptions: new Gauge({
      name: 'tickgate_subscriptions',
      help: 'Subscriptions running now.',
      labelNames: ['field'],
      registers,
    }),
    socketCloses: new Counter({
      name: 'tickgate_websocket_closes_total',
      help: 'WebSocket connections closed, by close code.',
      labelNames: ['code'],
      registers,
    }),
    socketCapHits: new Counter({
      name: 'tickgate_websocket_cap_hits_total',
      help: 'What was refused or closed because it was over a cap of limits.ts, by cap.',
      labelNames: ['cap'],
      registers,
    }),
    streamGroups: new Gauge({
      name: 'tickgate_stream_groups',
      help: 'Groups of readers that share one execution, open now.',
      registers,
    }),
    streamExecutions: new Counter({
      name: 'tickgate_stream_executions_total',
      help: 'Executions of shared streams: one an event and group, however many read it.',
      labelNames: ['field'],
      registers,
    }),
    feedEvents: new Counter({
      name: 'tickgate_feed_events_total',
      help: 'Events received from exchanges.',
      labelNames: ['exchange', 'channel'],
      registers,
    }),
    feedGaps: new Counter({
      name: 'tickgate_feed_gaps_total',
      help: 'Sequence gaps seen in order books.',
      labelNames: ['exchange'],
      registers,
    }),
    feedResyncs: new Counter({
      name: 'tickgate_feed_resyncs_total',
      help: 'Order books built anew from a snapshot.',
      labelNames: ['exchange'],
      registers,
    }),
    feedReconnects: new Counter({
      name: 'tickgate_feed_reconnects_total',
      help: 'Upstream connections opened again.',
      labelNames: ['exchange'],
      registers,
    }),
    badMarketData: new Counter({
      name: 'tickgate_bad_market_data_total',
      help: 'Answers of exchanges that could not be read or could not be true.',
      labelNames: ['exchange', 'channel'],
      registers,
    }),
    feedsOpen: new Gauge({
      name: 'tickgate_feeds_open',
      help: 'Upstream feeds open now.',
      labelNames: ['exchange', 'channel'],
      registers,
    }),
    mailboxDropped: new Counter({
      name: 'tickgate_mailbox_dropped_total',
      help: 'Events conflated or dropped for readers that fell behind.',
      labelNames: ['channel'],
      registers,
    }),
    backgroundFailures: new Counter({
      name: 'tickgate_background_failures_total',
      help: 'Failures of background work.',
      labelNames: ['task'],
      registers,
    }),
    refreshTokensReused: new Counter({
      name: 'tickgate_refresh_tokens_reused_total',
      help: 'Sessions ended because a refresh token of theirs was used twice.',
      registers,
    }),
    mails: new Counter({
      name: 'tickgate_mails_total',
      help: 'Mails by what became of them: sent, retried, failed; refused: asked for beyond a limit.',
      labelNames: ['outcome'],
      registers,
    }),
    tradingAlarms: new Counter({
      name: 'tickgate_trading_alarms_total',
      help: 'What an account needs a person for, by kind.',
      labelNames: ['kind'],
      registers,
    }),
  };
}
