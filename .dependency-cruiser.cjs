/** Which part may import which. docs/architecture.md says why. */
const APPS = '^apps/([^/]+)/';
const TESTS = '[.](spec|int-spec|e2e-spec)[.]ts$|/tests?/|/testing/';
/** What answers over HTTP. The sandbox plays others' APIs and checks bodies where it likes. */
const HTTP = '^apps/[^/]+/src/http/|[.]controller[.]ts$|^apps/admin/src/(dashboards/|.*[.]dto[.]ts$)';
/** Where a service is put together. */
const TOP = '[.]module[.]ts$|/(index|main|service|openapi)[.]ts$';
const npm = (name) => `^(node_modules/)?${name}(/|$)`;

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'With ES modules and decorator metadata an import cycle is a crash at start.',
      severity: 'error',
      from: {},
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'core-is-pure',
      comment:
        'The domain imports itself, what comes with Node, and what is known of phone numbers; its tests may use fast-check.',
      severity: 'error',
      from: { path: '^libs/core/', pathNot: TESTS },
      to: { pathNot: ['^libs/core/', npm('libphonenumber-js')], dependencyTypesNot: ['core'] },
    },
    {
      name: 'core-does-no-io',
      comment: 'Of what comes with Node, the domain may use what computes, never what reads or writes.',
      severity: 'error',
      from: { path: '^libs/core/', pathNot: TESTS },
      to: {
        dependencyTypes: ['core'],
        pathNot: '^(node:)?(crypto|net|assert|assert/strict|util|url|buffer)$',
      },
    },
    {
      name: 'contracts-know-core-only',
      severity: 'error',
      from: { path: '^libs/contracts/', pathNot: TESTS },
      to: { path: '^(libs|apps|migrations)/', pathNot: '^libs/(contracts|core)/' },
    },
    {
      name: 'evidence-knows-core-only',
      comment: 'What a service shows of its tables; whoever shows it or reads it may import it.',
      severity: 'error',
      from: { path: '^libs/evidence/', pathNot: TESTS },
      to: { path: '^(libs|apps|migrations)/', pathNot: '^libs/(evidence|core)/' },
    },
    {
      name: 'platform-knows-nobody',
      severity: 'error',
      from: { path: '^libs/platform/', pathNot: TESTS },
      to: { path: '^(libs|apps|migrations)/', pathNot: '^libs/(platform|core)/' },
    },
    {
      name: 'rest-knows-core-and-platform',
      severity: 'error',
      from: { path: '^libs/rest/', pathNot: TESTS },
      to: { path: '^(libs|apps|migrations)/', pathNot: '^libs/(rest|platform|core)/' },
    },
    {
      name: 'persistence-knows-contracts-and-platform',
      severity: 'error',
      from: { path: '^libs/persistence/', pathNot: TESTS },
      to: { path: '^(libs|apps|migrations)/', pathNot: '^libs/(persistence|contracts|platform|core)/' },
    },
    {
      name: 'queue-knows-no-service',
      severity: 'error',
      from: { path: '^libs/queue/', pathNot: TESTS },
      to: { path: '^(libs|apps|migrations)/', pathNot: '^libs/(queue|persistence|contracts|platform|core)/' },
    },
    {
      name: 'adapters-stand-alone',
      comment:
        'An adapter knows the domain, the contracts, the platform, what a vendor is made of, and what adapters of our own REST contracts share; never another adapter or a store of ours.',
      severity: 'error',
      from: { path: '^libs/adapters/([^/]+)/', pathNot: `${TESTS}|^libs/adapters/dialog360/` },
      to: {
        path: '^(libs|apps|migrations)/',
        pathNot: '^libs/adapters/$1/|^libs/(core|contracts|platform|rest)/|^libs/vendors/src/kit[.]ts$',
      },
    },
    {
      name: 'only-the-registry-knows-vendors',
      comment: 'Nothing but the registry names a vendor: what others need of it, its definition says.',
      severity: 'error',
      from: {
        path: '^(apps|libs|migrations|bench)/',
        pathNot: `^libs/adapters/|^libs/vendors/src/registry[.]ts$|${TESTS}`,
      },
      to: { path: '^libs/adapters/' },
    },
    {
      name: 'dialog360-is-a-way-to-whatsapp',
      comment:
        "The one adapter that knows another: 360dialog carries the Cloud API's own messages, so it is another transport of that adapter. It comes in by the front door.",
      severity: 'error',
      from: { path: '^libs/adapters/dialog360/', pathNot: TESTS },
      to: {
        path: '^(libs|apps|migrations)/',
        pathNot:
          '^libs/adapters/dialog360/|^libs/adapters/whatsapp-cloud/index[.]ts$|^libs/(core|contracts|platform)/|^libs/vendors/src/kit[.]ts$',
      },
    },
    {
      name: 'libs-import-no-app',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-import-no-app',
      severity: 'error',
      from: { path: APPS, pathNot: TESTS },
      to: { path: APPS, pathNot: '^apps/$1/' },
    },
    {
      name: 'http-is-on-top',
      comment:
        'Controllers and DTOs import what does the work, and nothing of that imports them. What is not done it says in words of its own: a refusal, an outcome.',
      severity: 'error',
      from: { path: '^apps/[^/]+/src/', pathNot: `${HTTP}|${TOP}|${TESTS}` },
      to: { path: HTTP },
    },
    {
      name: 'sandbox-is-the-outside-world',
      comment: 'It must not share the code whose counterpart it plays.',
      severity: 'error',
      from: { path: '^apps/sandbox/src/' },
      to: { path: '^(libs|migrations)/', pathNot: '^libs/platform/' },
    },
    {
      name: 'tests-stay-in-tests',
      severity: 'error',
      from: { path: '^(apps|libs|migrations)/', pathNot: `${TESTS}|^libs/testing/` },
      to: { path: '^libs/testing/|[.](spec|int-spec|e2e-spec)[.]ts$' },
    },
    {
      name: 'only-queue-knows-bullmq',
      comment: 'Migrations prepare its PostgreSQL schema.',
      severity: 'error',
      from: { path: '^(apps|libs|migrations|bench)/', pathNot: '^libs/queue/|^migrations/' },
      to: { path: npm('bullmq') },
    },
    {
      name: 'only-its-adapter-knows-stripe',
      severity: 'error',
      from: { path: '^(apps|libs|migrations|bench)/', pathNot: `^libs/adapters/stripe/|${TESTS}` },
      to: { path: npm('stripe') },
    },
    {
      name: 'a-library-by-its-front-door',
      comment: "From outside, a library's index.ts only.",
      severity: 'error',
      from: { path: '^(apps|migrations|bench)/', pathNot: TESTS },
      to: { path: '^libs/', pathNot: '^libs/([^/]+/src|core/[^/]+|adapters/[^/]+)/index[.]ts$' },
    },
    {
      name: 'nothing-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-development-package-at-run-time',
      severity: 'error',
      from: { path: '^(apps|libs|migrations)/', pathNot: `${TESTS}|^libs/testing/` },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/@types/',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // What is installed in somebody else's server has that server's packages.
    exclude: { path: '^dist/|^libs/adapters/[^/]+/plugin/|^libs/testing/vendure/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'require', 'node', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
