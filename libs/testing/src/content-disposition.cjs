/** Stands in for the ES module of this name under Jest: no test downloads an attachment. */
module.exports = { create: () => 'attachment' };
