// Placeholder: the command line program.
console.log('vmft', process.argv.slice(2).join(' '));
