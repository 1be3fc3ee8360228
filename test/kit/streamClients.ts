import { ApolloClient, CombinedGraphQLErrors, gql, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient as createUrqlClient, subscriptionExchange } from '@urql/core';
import { createClient, type Client, type Sink } from 'graphql-ws';
import WebSocket from 'ws';

/** What a client library makes of one stream. */
export interface ClientStream {
  readonly events: readonly unknown[];
  /** `extensions.code` of each error that ended it. */
  readonly errorCodes: readonly unknown[];
  readonly isComplete: boolean;
  /** Ends it as an application would. */
  unsubscribe(): void;
}

export interface StreamClient {
  watch(document: string, variables?: Readonly<Record<string, unknown>>): ClientStream;
  close(): Promise<void>;
}

type OpenClient = (url: string, authorization: string | null) => StreamClient;

/** The clients that frontends use, each set up as its own manual says and as nothing else. */
export const streamClients: readonly (readonly [name: string, open: OpenClient])[] = [
  ['the graphql-ws client', openGraphqlWs],
  ['Apollo Client', openApollo],
  ['urql', openUrql],
];

class Recording implements ClientStream {
  readonly events: unknown[] = [];
  errorCodes: readonly unknown[] = [];
  isComplete = false;
  unsubscribe: () => void = () => undefined;

  fail(errors: unknown): void {
    if (!Array.isArray(errors)) throw new Error('the socket closed', { cause: errors });
    this.errorCodes = (errors as { readonly extensions?: Record<string, unknown> }[]).map(
      (error) => error.extensions?.['code'],
    );
  }
}

function openGraphqlWs(url: string, authorization: string | null): StreamClient {
  const client = clientOf(url, authorization);
  return {
    watch(query, variables = {}) {
      const stream = new Recording();
      stream.unsubscribe = client.subscribe(
        { query, variables },
        {
          next: ({ data }) => stream.events.push(data),
          error: (errors) => {
            stream.fail(errors);
          },
          complete: () => {
            stream.isComplete = true;
          },
        },
      );
      return stream;
    },
    close: async () => client.dispose(),
  };
}

function openApollo(url: string, authorization: string | null): StreamClient {
  // The link asks what a browser always has, and Node only from 22 on.
  Object.assign(globalThis, { WebSocket });
  const socket = clientOf(url, authorization);
  const client = new ApolloClient({ link: new GraphQLWsLink(socket), cache: new InMemoryCache() });
  return {
    watch(document, variables = {}) {
      const stream = new Recording();
      const subscription = client.subscribe({ query: gql(document), variables }).subscribe({
        next: ({ data, error }) => {
          if (error === undefined) stream.events.push(data);
          else stream.fail(CombinedGraphQLErrors.is(error) ? error.errors : error);
        },
        complete: () => {
          stream.isComplete = true;
        },
      });
      stream.unsubscribe = () => {
        subscription.unsubscribe();
      };
      return stream;
    },
    async close() {
      client.stop();
      await socket.dispose();
    },
  };
}

function openUrql(url: string, authorization: string | null): StreamClient {
  const socket = clientOf(url, authorization);
  const client = createUrqlClient({
    url,
    exchanges: [
      subscriptionExchange({
        forwardSubscription: (request) => ({
          subscribe: (sink) => ({
            unsubscribe: socket.subscribe({ ...request, query: request.query ?? '' }, sink as Sink),
          }),
        }),
      }),
    ],
  });
  return {
    watch(document, variables = {}) {
      const stream = new Recording();
      const { unsubscribe } = client.subscription(document, variables).subscribe(({ data, error, hasNext }) => {
        if (error !== undefined) stream.fail(error.networkError ?? error.graphQLErrors);
        // urql tells the end by the last result once more.
        else if (!hasNext) stream.isComplete = true;
        else stream.events.push(data);
      });
      stream.unsubscribe = unsubscribe;
      return stream;
    },
    close: async () => socket.dispose(),
  };
}

function clientOf(url: string, authorization: string | null): Client {
  return createClient({
    url,
    webSocketImpl: WebSocket,
    ...(authorization === null ? {} : { connectionParams: { authorization } }),
  });
}
