//! Programs that tests run in a browser: each uses all that a part of the runtime has, and says what did not go as it
//! should. They are in no list that a visitor sees.

pub mod processes;
