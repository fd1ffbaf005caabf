// Ids of characters, which index rows. No kernel trusts them: they are checked where a text is opened, but a wrong index
// would write outside of an array.
#pragma once

#include <algorithm>
#include <cstdint>

// An id past the last one becomes the last one, as in NumPy's mode "clip"; so does a negative one.
inline int64_t clip(int32_t id, int count) { return std::min<uint32_t>(id, count - 1); }
