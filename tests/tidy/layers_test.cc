// layers.txt holds for every #include of the product. Each rule is first shown to catch a planted fault.
#include <gtest/gtest.h>

#include "tests/tidy/layer_rules.h"

namespace nacre::tidy {
namespace {

std::vector<Layer> RealLayers() {
  const SourceFile* table = FindFile("layers.txt");
  return table == nullptr ? std::vector<Layer>() : ParseLayers(table->text);
}

Faults FaultsOf(const std::string& path, const std::string& text) { return CheckIncludes(RealLayers(), {path, text}); }

TEST(Layers, EveryIncludeOfTheProductIsAllowedByTheTable) {
  const std::vector<Layer> layers = RealLayers();
  ASSERT_FALSE(layers.empty()) << "layers.txt is missing or empty";
  Faults faults;
  for (const SourceFile& file : Tree()) {
    for (const std::string& fault : CheckIncludes(layers, file)) faults.push_back(fault);
  }
  EXPECT_EQ(Join(faults), "");
}

TEST(Layers, TheTableItselfKeepsServersAndClientApart) { EXPECT_EQ(Join(CheckTable(RealLayers())), ""); }

TEST(Layers, ATableThatLetsAServerSeeTheClientIsCaught) {
  EXPECT_EQ(CheckTable(ParseLayers("mds/core : client/crypto |\nclient/crypto : |\n")).size(), 1U);
  EXPECT_EQ(CheckTable(ParseLayers("common/base : mds/core |\nmds/core : |\n")).size(), 1U);
  EXPECT_EQ(CheckTable(ParseLayers("tools : common/base |\n")).size(), 1U);
}

TEST(Layers, ATableWithACircleIsCaught) {
  EXPECT_FALSE(CheckTable(ParseLayers("common/a : common/b |\ncommon/b : common/a |\n")).empty());
}

TEST(Layers, TheLongestFolderOwnsAFile) {
  const std::vector<Layer> layers = ParseLayers("oss : |\noss/core : |\n");
  EXPECT_EQ(OwnerOf(layers, "oss/core/object_server.h")->folder, "oss/core");
  EXPECT_EQ(OwnerOf(layers, "oss/main.cc")->folder, "oss");
  EXPECT_EQ(OwnerOf(layers, "oss/core_extras/a.h")->folder, "oss");
  EXPECT_EQ(OwnerOf(layers, "ossuary/a.h"), nullptr);
}

TEST(Layers, AServerThatIncludesTheClientIsCaught) {
  EXPECT_EQ(FaultsOf("mds/core/a.cc", "#include \"client/crypto/page_cipher.h\"\n"),
            (Faults{"mds/core/a.cc:1: layer mds/core may not include client/crypto/page_cipher.h"}));
  EXPECT_EQ(FaultsOf("oss/main.cc", "\n#include \"mds/core/key_schema.h\"\n").size(), 1U);
  EXPECT_EQ(FaultsOf("client/core/file.cc", "#include \"oss/core/object_server.h\"\n").size(), 1U);
}

TEST(Layers, APureLayerThatLooksUpwardsIsCaught) {
  EXPECT_EQ(FaultsOf("common/fs/fid.cc", "#include \"common/wire/wire.h\"\n").size(), 1U);
  EXPECT_EQ(FaultsOf("common/layout/a.h", "#include \"types.pb.h\"\n").size(), 1U);
}

TEST(Layers, LibrariesStayInTheirPlaces) {
  EXPECT_EQ(FaultsOf("mds/core/a.cc", "#include <grpcpp/grpcpp.h>\n").size(), 1U);
  EXPECT_EQ(FaultsOf("mds/core/a.cc", "#include \"mds.grpc.pb.h\"\n").size(), 1U);
  EXPECT_EQ(FaultsOf("mds/core/a.cc", "#include <rocksdb/db.h>\n").size(), 1U);
  EXPECT_EQ(FaultsOf("client/core/a.cc", "#include <gcrypt.h>\n").size(), 1U);
  EXPECT_EQ(FaultsOf("client/crypto/a.cc", "#include <openssl/evp.h>\n").size(), 1U);
  EXPECT_EQ(FaultsOf("common/base/hash.cc", "#include <openssl/evp.h>\n").size(), 1U);
  EXPECT_EQ(FaultsOf("client/core/a.cc", "#include <fuse3/fuse_lowlevel.h>\n").size(), 1U);
  EXPECT_EQ(FaultsOf("common/base/a.h", "#include <somebody/new.hpp>\n").size(), 1U);
}

TEST(Layers, WhatIsAllowedIsNotCaught) {
  EXPECT_EQ(Join(FaultsOf("mds/core/ops/open.cc", "#include \"mds/core/a.h\"\n#include \"common/fs/fid.h\"\n#include <map>\n"
                                                  "#include <sys/stat.h>\n#include \"types.pb.h\"\n")),
            "");
  EXPECT_EQ(Join(FaultsOf("mds/main.cc", "#include <grpcpp/grpcpp.h>\n#include \"common/kv/kv_store.h\"\n")), "");
}

TEST(Layers, AFileOfNoLayerAndAPathFromElsewhereAreCaught) {
  EXPECT_EQ(FaultsOf("common/new_layer/a.h", "").size(), 1U);
  EXPECT_EQ(FaultsOf("common/fs/fid.cc", "#include \"fid.h\"\n").size(), 1U);
}

}  // namespace
}  // namespace nacre::tidy
