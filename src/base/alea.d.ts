/** The one generator of seedrandom that is used; the whole package would load Node's crypto module. */
declare module 'seedrandom/lib/alea.js' {
  import seedrandom from 'seedrandom';

  export type State = seedrandom.State.Alea;
  export type Generator = seedrandom.StatefulPRNG<State>;
  export default seedrandom.alea;
}
