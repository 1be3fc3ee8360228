import { listOf, nodeOf, textsOf, type Deployment, type Node, type Workload } from './deployment';
import { holdsSecret, imageProblem, settingProblems, type Rule } from './rule';

const place = 'docker/kubernetes';
/** The one service that is reached from outside. */
const edge = 'nginx';

/** What every object of docker/kubernetes has to be. */
export const kubernetesRules: readonly Rule[] = [
  {
    name: 'kubernetes-image-pinned',
    reason: 'a tag is whatever its owner makes of it tomorrow; a digest is what was looked at',
    find: eachContainer((container) => {
      const problem = imageProblem(String(container['image']));
      return problem === null ? [] : [problem];
    }),
  },
  {
    name: 'kubernetes-namespace',
    reason: 'the cluster itself refuses a pod that is less confined than these, whoever makes it',
    find: ({ manifests }) => {
      const labels = manifests
        .filter(({ kind }) => kind === 'Namespace')
        .map(({ metadata }) => nodeOf(nodeOf(metadata)['labels']));
      const isRestricted = labels.some((all) => all['pod-security.kubernetes.io/enforce'] === 'restricted');
      return isRestricted ? [] : [`${place}: no Namespace enforces the profile "restricted"`];
    },
  },
  {
    name: 'kubernetes-user',
    reason: 'root in a container is root on the node, should it get out',
    find: eachPod((pod) => {
      const context = nodeOf(pod['securityContext']);
      return [
        ...(context['runAsNonRoot'] === true ? [] : ['runAsNonRoot is not true']),
        ...['runAsUser', 'runAsGroup']
          .filter((key) => !(Number(context[key]) > 0))
          .map((key) => `${key} is not a number above 0`),
      ];
    }),
  },
  {
    name: 'kubernetes-confined',
    reason: 'whoever takes over a process has no rights of root, calls no rare system call and leaves nothing behind',
    find: (deployment) => [
      ...eachPod((pod) =>
        nodeOf(nodeOf(pod['securityContext'])['seccompProfile'])['type'] === 'RuntimeDefault'
          ? []
          : ['seccompProfile is not RuntimeDefault'],
      )(deployment),
      ...eachContainer((container) => {
        const context = nodeOf(container['securityContext']);
        const { drop, add } = nodeOf(context['capabilities']);
        return [
          ...(context['allowPrivilegeEscalation'] === false ? [] : ['allowPrivilegeEscalation is not false']),
          ...(context['readOnlyRootFilesystem'] === true ? [] : ['its root file system can be written']),
          ...(textsOf(drop).includes('ALL') ? [] : ['does not drop ALL capabilities']),
          ...textsOf(add).map((capability) => `adds ${capability}`),
          ...(context['privileged'] === true ? ['is privileged'] : []),
        ];
      })(deployment),
    ],
  },
  {
    name: 'kubernetes-host',
    reason: 'a pod that shares a namespace, a port or a folder with its node is no pod',
    find: eachPod((pod) => [
      ...['hostNetwork', 'hostPID', 'hostIPC'].filter((key) => pod[key] === true),
      ...listOf(pod['volumes'])
        .filter((volume) => nodeOf(volume)['hostPath'] !== undefined)
        .map((volume) => `volume ${String(nodeOf(volume)['name'])} is a folder of the node`),
      ...containersOf(pod).flatMap((container) =>
        listOf(container['ports'])
          .filter((port) => nodeOf(port)['hostPort'] !== undefined)
          .map((port) => `hostPort ${String(nodeOf(port)['hostPort'])}`),
      ),
    ]),
  },
  {
    name: 'kubernetes-api-token',
    reason: 'no pod of these has anything to say to the cluster, and so none needs a token for it',
    find: eachPod((pod) =>
      pod['automountServiceAccountToken'] === false ? [] : ['automountServiceAccountToken is not false'],
    ),
  },
  {
    name: 'kubernetes-limits',
    reason: 'one pod that runs wild takes neither the memory nor the processor of the others',
    find: eachContainer((container) => {
      const resources = nodeOf(container['resources']);
      return ['requests', 'limits'].flatMap((kind) =>
        ['cpu', 'memory']
          .filter((of) => nodeOf(resources[kind])[of] === undefined)
          .map((of) => `has no ${kind} of ${of}`),
      );
    }),
  },
  {
    name: 'kubernetes-probes',
    reason: 'nobody sends requests to a server that is not ready, and one that hangs is started again',
    // What ends by itself serves nobody.
    find: (deployment) =>
      eachContainer((container) =>
        ['readinessProbe', 'livenessProbe']
          .filter((probe) => container[probe] === undefined)
          .map((probe) => `has no ${probe}`),
      )({ ...deployment, workloads: deployment.workloads.filter(({ kind }) => !['Job', 'CronJob'].includes(kind)) }),
  },
  {
    name: 'kubernetes-certificates-watched',
    reason: 'a certificate that nobody renews ends on a day that nobody remembers',
    find: ({ workloads }) => {
      const jobs = workloads.filter(({ kind }) => kind === 'CronJob');
      const watch = jobs.find(({ pod }) => JSON.stringify(containersOf(pod)).includes('check-expiry.sh'));
      const watched = JSON.stringify(nodeOf(watch?.pod)['volumes'] ?? []);
      return ['tls.crt', 'internal_ca', 'postgres_cert', 'redis_cert']
        .filter((key) => !watched.includes(`"key":"${key}"`))
        .map((key) => `${place}: no CronJob runs check-expiry.sh upon ${key}`);
    },
  },
  {
    name: 'kubernetes-secrets-as-files',
    reason: 'no secret stands in a manifest, and none in an environment, which is shown, inherited and printed',
    find: (deployment) => [
      ...deployment.manifests
        .filter(({ kind }) => kind === 'Secret')
        .map(
          (secret) =>
            `${place}: Secret ${String(nodeOf(secret['metadata'])['name'])}: make it from files (docs/DEPLOYMENT.md)`,
        ),
      ...eachContainer((container) => [
        ...(container['envFrom'] === undefined ? [] : ['envFrom puts what it names into the environment']),
        ...listOf(container['env']).flatMap((variable) => {
          const { name, value, valueFrom } = nodeOf(variable);
          if (nodeOf(valueFrom)['secretKeyRef'] !== undefined)
            return [`${String(name)} brings a secret into the environment`];
          return holdsSecret(String(name), value)
            ? [`${String(name)} is in the environment: name a file with ${String(name)}_FILE`]
            : [];
        }),
      ])(deployment),
      ...eachPod((pod) =>
        listOf(pod['volumes'])
          .map((volume) => nodeOf(nodeOf(volume)['secret']))
          .filter((secret) => secret['secretName'] !== undefined && secret['defaultMode'] !== 0o440)
          .map((secret) => `secret ${String(secret['secretName'])} is mounted with another mode than 0440`),
      )(deployment),
    ],
  },
  {
    name: 'kubernetes-networks',
    reason: 'who may talk to whom is listed; everything else is refused, in and out',
    find: ({ manifests, workloads }) => {
      const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy').map(({ spec }) => nodeOf(spec));
      const selects = (policy: Node): Node => nodeOf(nodeOf(policy['podSelector'])['matchLabels']);
      const isClosed = policies.some(
        (policy) =>
          Object.keys(selects(policy)).length === 0 &&
          ['Ingress', 'Egress'].every((type) => textsOf(policy['policyTypes']).includes(type)) &&
          policy['ingress'] === undefined &&
          policy['egress'] === undefined,
      );
      const isNamed = ({ labels }: Workload): boolean =>
        policies.some((policy) => {
          const wanted = Object.entries(selects(policy));
          return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
        });
      const open = policies.filter((policy) =>
        listOf(policy['egress']).some((rule) => nodeOf(rule)['to'] === undefined),
      );
      return [
        ...(isClosed ? [] : [`${place}: no NetworkPolicy refuses everything by default`]),
        ...workloads
          .filter((workload) => !isNamed(workload))
          .map(({ name }) => `${place}, ${name}: no NetworkPolicy says what it may do`),
        ...open.map(
          (policy) => `${place}: a NetworkPolicy of ${JSON.stringify(selects(policy))} lets out to everywhere`,
        ),
      ];
    },
  },
  {
    name: 'kubernetes-services',
    reason:
      'nginx is the one way in: it holds clients to their limits, and the server believes its word about their addresses',
    find: ({ manifests }) =>
      manifests.flatMap((manifest) => {
        const name = String(nodeOf(manifest['metadata'])['name']);
        if (['Ingress', 'HTTPRoute'].includes(String(manifest['kind'])))
          return [`${place}, ${name}: a way in besides nginx`];
        if (manifest['kind'] !== 'Service') return [];
        const spec = nodeOf(manifest['spec']);
        if (name !== edge) {
          const isInner = ['undefined', 'ClusterIP'].includes(String(spec['type']));
          return isInner && spec['externalIPs'] === undefined ? [] : [`${place}, ${name}: is reached from outside`];
        }
        return spec['externalTrafficPolicy'] === 'Local'
          ? []
          : [`${place}, ${name}: loses the addresses of clients (externalTrafficPolicy: Local)`];
      }),
  },
  {
    name: 'kubernetes-settings',
    reason: 'a setting that the server does not know, or one that production needs and nobody gives, stops its start',
    find: ({ workloads }) =>
      settingProblems(variablesOf(workloads, 'app')).map((problem) => `${place}, app: ${problem}`),
  },
  {
    name: 'kubernetes-doctor',
    reason:
      'the doctor judges what is so now: records that are in an image are as old as it, and who is not told where clients come in sees nothing of it',
    find: ({ workloads }) => {
      const app = workloads.filter(({ name }) => name === 'app').flatMap(({ pod }) => containersOf(pod));
      const mounts = app.flatMap(({ volumeMounts }) => listOf(volumeMounts).map(nodeOf));
      // A file that is mounted by `subPath` stays as it was.
      const mounted = mounts.some(({ mountPath, subPath }) => mountPath === '/app/security' && subPath === undefined);
      return [
        ...(variablesOf(workloads, 'app').includes('PUBLIC_URL') ? [] : [`${place}, app: PUBLIC_URL is not set`]),
        ...(mounted ? [] : [`${place}, app: nothing is mounted at /app/security`]),
      ];
    },
  },
  {
    name: 'kubernetes-nginx-variables',
    reason:
      'a variable that the template asks for and nobody sets stands in the rendered file as it is, and nginx does not start',
    find: ({ workloads, templateVariables }) => {
      const set = variablesOf(workloads, edge);
      return templateVariables
        .filter((name) => !set.includes(name))
        .map((name) => `${place}, ${edge}: ${name} of nginx/templates is not set`);
    },
  },
];

/** The names of what a workload's containers are told. */
function variablesOf(workloads: readonly Workload[], of: string): readonly string[] {
  const containers = workloads.filter(({ name }) => name === of).flatMap(({ pod }) => containersOf(pod));
  return containers.flatMap(({ env }) => listOf(env).map((variable) => String(nodeOf(variable)['name'])));
}

function containersOf(pod: Node): readonly Node[] {
  return ['initContainers', 'containers'].flatMap((key) => listOf(pod[key]).map(nodeOf));
}

function eachPod(find: (pod: Node) => readonly string[]): (deployment: Deployment) => readonly string[] {
  return ({ workloads }) =>
    workloads.flatMap(({ name, pod }) => find(pod).map((problem) => `${place}, ${name}: ${problem}`));
}

function eachContainer(find: (container: Node) => readonly string[]): (deployment: Deployment) => readonly string[] {
  return eachPod((pod) => containersOf(pod).flatMap(find));
}
