import fc from 'fast-check';

// CI plays the same generated cases each time, so that a red run is the change's doing; other runs explore new ones.
if (process.env.CI === 'true') fc.configureGlobal({ seed: 20_261_121 });
