/** A variable of the environment that says how a vendor is reached, or what its webhooks are signed with. */
export interface Variable {
  name: string;
  default?: string;
  /** Decorators of class-validator. */
  rules: readonly PropertyDecorator[];
}
