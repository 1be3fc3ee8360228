import { inFile, type FaultOfFile, type PlantedFault } from './plantedFault';

const lock = 'package-lock.json';
const inLock = (name: string, [from, to]: readonly [string | RegExp, string], found: RegExp): PlantedFault =>
  inFile(lock, [name, from, to, found]);

const addedToScripted = '"license": "MIT",';
const nestedTarball = 'https://registry.npmjs.org/@nested/one/-/one-1.0.0.tgz';

const inManifest: readonly FaultOfFile[] = [
  ['a range in package.json', '"plain": "1.2.3"', '"plain": "^1.2.3"', /not one version/],
  [
    'a peer from a repository',
    '"dependencies"',
    '"peerDependencies": { "more": "git+ssh://git@x.example/y" }, "dependencies"',
    /git\+ssh:.* is not one version/,
  ],
  [
    'a range among the overrides',
    '"dependencies"',
    '"overrides": { "a": { "b": ">=1" } }, "dependencies"',
    /overrides b/,
  ],
];

export const lockFaults: readonly PlantedFault[] = [
  inLock('an entry without integrity', [/"integrity": "[^"]+",\n(\s+"license": "MIT AND)/, '$1'], /no integrity/),
  inLock('a weak checksum', [/sha512-[^"]+/, `sha1-${'A'.repeat(27)}=`], /no sha512/),
  inLock('a weak checksum beside a good one', [/(sha512-[^"]+)/, `$1 sha1-${'A'.repeat(27)}=`], /no sha512/),
  ...[
    'https://registry.example.com/with-script/-/with-script-1.0.0.tgz',
    'https://registry.npmjs.org.example.com/with-script/-/with-script-1.0.0.tgz',
    'https://registry.npmjs.org@example.com/with-script/-/with-script-1.0.0.tgz',
    'http://registry.npmjs.org/with-script/-/with-script-1.0.0.tgz',
    'https://registry.npmjs.org/other/-/other-1.0.0.tgz',
    'https://registry.npmjs.org/with-script/-/with-script-1.0.1.tgz',
    'https://registry.npmjs.org/with-script/-/../../other/-/other-1.0.0.tgz',
    'git+ssh://git@github.com/x/y.git#main',
    'file:../elsewhere',
  ].map((place) =>
    inLock(
      `from ${place}`,
      [addedToScripted, `${addedToScripted} "resolved": "${place}",`],
      /: comes from|^comes from/,
    ),
  ),
  inLock(
    'an alias from the place of its name in node_modules',
    [
      '"name": "real-name",',
      '"name": "real-name", "resolved": "https://registry.npmjs.org/other-name/-/other-name-3.0.0.tgz",',
    ],
    /^comes from/,
  ),
  inLock('another registry, deeper', [nestedTarball, 'https://npm.example.com/one-1.0.0.tgz'], /^comes from/),
  inLock('a link into the file system', [addedToScripted, `${addedToScripted} "link": true,`], /link/),
  inLock('a folder of the project', ['"node_modules/with-script"', '"tools/with-script"'], /folder of its own/),
  inLock('a package within another', [addedToScripted, `${addedToScripted} "inBundle": true,`], /within another/),
  inLock(
    'a package that brings others',
    [addedToScripted, `${addedToScripted} "bundleDependencies": ["plain"],`],
    /brings others/,
  ),
  inLock('a lock within a package', [addedToScripted, `${addedToScripted} "hasShrinkwrap": true,`], /lock of its own/),
  inLock(
    'the checksum of another package',
    [/(sha512-[^"]+)("[\s\S]*"node_modules\/with-script": \{[^}]*)sha512-[^"]+/, '$1$2$1'],
    /has the checksum of real-name@3\.0\.0/,
  ),
  inLock(
    'another checksum for the same package',
    [
      '"node_modules/with-script"',
      `"node_modules/with-script/node_modules/plain": { "version": "1.2.3", "integrity": "sha512-${'A'.repeat(86)}==" }, "node_modules/with-script"`,
    ],
    /another checksum than plain@1\.2\.3/,
  ),
  inLock(
    'a range as a version',
    [/("node_modules\/with-script": \{\s+"version": )"1\.0\.0"/, '$1"^1.0.0"'],
    /no exact version/,
  ),
  inLock(
    'a platform package of another version',
    ['"@plain/darwin-arm64": "1.2.3"', '"@plain/darwin-arm64": "1.2.4"'],
    /no package names it/,
  ),
  {
    name: 'a platform package of a package without a checksum',
    edits: [
      { file: lock, from: '"optional": true', to: '"optional": true, "optionalDependencies": { "more": "1.0.0" }' },
      {
        file: lock,
        from: '"node_modules/with-script"',
        to: '"node_modules/more": { "version": "1.0.0", "optional": true, "os": ["darwin"], "cpu": ["arm64"] }, "node_modules/with-script"',
      },
    ],
    found: /no package names it/,
  },
  inLock(
    'no checksum for the platform of the images',
    [/"darwin"(\s+\],?\s+"optional)/, '"linux"$1'],
    /machines that the server runs on/,
  ),
  inLock(
    'no checksum for every platform',
    [/"os": \[\s+"darwin"\s+\]/, '"os": []'],
    /machines that the server runs on/,
  ),
  inLock(
    'no checksum for all but one platform',
    [/"os": \[\s+"darwin"\s+\]/, '"os": ["!win32"]'],
    /machines that the server runs on/,
  ),
  inLock('a package under another name', ['"name": "real-name"', '"name": "evil-name"'], /stands for evil-name/),
  inLock('an old lock', ['"lockfileVersion": 3', '"lockfileVersion": 1'], /lockfileVersion/),
  inLock(
    'a second list, for an older npm',
    ['"lockfileVersion": 3,', '"lockfileVersion": 3, "dependencies": { "plain": { "version": "file:evil" } },'],
    /dependencies/,
  ),
  inLock(
    'a lock of another version than asked for',
    [/("node_modules\/plain": \{\s+"version": )"1\.2\.3"/, '$1"1.2.9"'],
    /is asked for, the lock has 1\.2\.9/,
  ),
  inLock(
    'a package that nobody asks for',
    [/("": \{[^}]*"dependencies": \{)/, '$1 "more": "1.0.0",'],
    /not in those of package\.json/,
  ),
  inLock(
    'a package asked for with another use',
    [/("": \{[^}]*)"dependencies"/, '$1"devDependencies"'],
    /is asked for/,
  ),
  ...inManifest.map((fault) => inFile('package.json', fault)),
  ...['ignore-scripts=true', 'save-exact=true'].map((setting) =>
    inFile('.npmrc', [`npm without ${setting}`, setting, '', new RegExp(`lacks ${setting}`)]),
  ),
  ...[
    '@x:registry=https://npm.example.com/',
    'registry=https://npm.example.com/?https://registry.npmjs.org/',
    '"registry"=https://npm.example.com/',
    'ignore-scripts=false',
    'strict-ssl=false',
    'https-proxy=http://proxy.example.com',
    'node-options=--require ./evil.js',
    'script-shell=./evil.sh',
    '[settings]',
    'package-lock=false',
  ].map((line) =>
    inFile('.npmrc', [`npm with ${line}`, 'ignore-scripts=true', `${line}\nignore-scripts=true\n${line}`, /^says /]),
  ),
  ...['npm-shrinkwrap.json', 'yarn.lock'].map((file) =>
    inFile(file, [`a lock called ${file}`, '', '{}', /is another lock/]),
  ),
];
