/** The exit codes of vmft, as documented in README.md; a completed run exits with the guest's own. */
export const EXIT_CODE = {
  /** `vmft diff`: the machines differ. `vmft conformance`: a program did not pass. */
  failed: 1,
  /** Wrong usage or input, or no room for the output. */
  usage: 2,
  /** The machines diverged, or a checker found a violation. */
  diverged: 3,
  /** The run was stopped: `--max-steps`, or the guest waits for input or an interrupt that will not come. */
  limit: 4,
  /** No eligible replica: the service is lost. */
  lost: 5,
  /** `--strict`: a requested fault was not triggered. */
  faultNotTriggered: 6,
  /** A bug in vmft; EX_SOFTWARE of `sysexits.h`. */
  bug: 70,
  /** 128 and the number of SIGINT. */
  interrupted: 130,
  /** 128 and the number of SIGPIPE: the reader of the output has closed it. */
  brokenPipe: 141,
} as const;

/** The exit code for that of a guest. The system keeps eight bits; a failure must not look like success. */
export const exitCodeOf = (code: number): number => (code === 0 ? 0 : code & 0xff || EXIT_CODE.failed);
