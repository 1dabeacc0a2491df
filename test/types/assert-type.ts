/** For what the compiler is asked in this folder: nothing of it runs, but all of it must compile. */

/** Whether two types are the same, not only assignable. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- only so are types compared exactly
export type Same<One, Two> =
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  (<Any>() => Any extends One ? 1 : 2) extends <Any>() => Any extends Two ? 1 : 2 ? true : false;

/** Compiles if its argument is `true`. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- it is all there is to it
export function holds<Claim extends true>(_claim?: Claim): void {}
